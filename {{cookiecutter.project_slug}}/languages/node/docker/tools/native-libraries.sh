{% set packages = "node_modules" %}
{% include "native-libraries.sh" %}
