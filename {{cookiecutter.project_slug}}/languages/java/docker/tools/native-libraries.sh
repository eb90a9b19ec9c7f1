{% set packages = "natives" %}
{% include "native-libraries.sh" %}
