{% include "dev.sh" %}
