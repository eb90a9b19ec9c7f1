{% set packages = "site-packages" %}
{% include "closure.sh" %}
