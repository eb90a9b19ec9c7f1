{% set packages = "natives" %}
{% include "closure.sh" %}
