{% include "closure.sh" %}
