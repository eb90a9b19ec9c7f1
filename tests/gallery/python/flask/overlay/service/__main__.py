"""python -m service: answer HTTP requests on PORT until SIGTERM."""

import os
import sys

from gunicorn.app.wsgiapp import WSGIApplication

PORT = int(os.environ.get("PORT", "8080"))

if __name__ == "__main__":
    options = ["--bind=:$PORT", "--threads=8", "--graceful-timeout=8", "--worker-tmp-dir=/tmp", "--no-control-socket"]
    sys.argv = ["gunicorn", *[option.replace("$PORT", str(PORT)) for option in options], "web:app"]
    WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn").run()
