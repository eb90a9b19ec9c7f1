{% set packages = "site-packages" %}
{% include "native-libraries.sh" %}
