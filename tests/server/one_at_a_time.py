"""moto's server, which handles one request at a time.

Otherwise its conditional writes would not be atomic, as DynamoDB's are.

`python -m tests.server.one_at_a_time PORT`
"""

import sys
import threading
from collections.abc import Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple


def serve(port: int) -> None:
    """Serve on the loopback address until the process ends."""
    backend = DomainDispatcherApplication(create_backend_app)
    turn = threading.Lock()

    def application(environment: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with turn:
            answer: Iterable[bytes] = backend(environment, start_response)
            return answer

    run_simple("127.0.0.1", port, application, threaded=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
