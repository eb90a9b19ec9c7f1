{% set packages = "natives" %}
{% set stage = "native-libraries" %}
{% include "native-libraries.sh" %}
