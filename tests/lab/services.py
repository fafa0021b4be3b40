"""The tiny programs of a CS server: services.py tcp PORT | http PORT APPLICATION_PORT.

Both listen with a queue of one, so that a stopped one looks like an overloaded one from outside: its kernel takes
one connection more, and then none."""

import http.server
import socket
import sys


def serve_tcp(port):
    listener = socket.create_server(("0.0.0.0", port), backlog=1)
    while True:
        connection, _ = listener.accept()
        with connection:
            try:
                connection.sendall(b"ready\r\n")
            except OSError:
                pass


def serve_http(port, application_port):
    class Health(http.server.BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self):
            try:
                socket.create_connection(("127.0.0.1", application_port), timeout=1).close()
                code, text = 200, b"ok\n"
            except OSError:
                code, text = 503, b"the application does not answer\n"
            self.send_response(code)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    class Server(http.server.HTTPServer):
        request_queue_size = 1

    Server(("0.0.0.0", port), Health).serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "tcp":
        serve_tcp(int(sys.argv[2]))
    serve_http(int(sys.argv[2]), int(sys.argv[3]))
