"""A model hub on loopback: what huggingface_hub asks for, answered from folders."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers the model API, the file tree, and files."""

    protocol_version = "HTTP/1.1"
    repositories: Mapping[str, Path]
    asked: list[str]

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer by path; HEAD is the same without the body."""
        parts = urlsplit(self.path).path.strip("/").split("/")
        self.asked.append(f"{self.command} {'/'.join(parts)}")
        if parts[:2] == ["api", "models"]:
            name, rest = "/".join(parts[2:4]), parts[4:]
        else:
            name, rest = "/".join(parts[:2]), parts[2:]
        folder = self.repositories.get(name)
        if folder is None:
            return self._answer(401, error="RepoNotFound")
        revision = rest[1] if len(rest) > 1 else "main"
        if revision not in ("main", COMMIT):
            return self._answer(404, error="RevisionNotFound")
        if parts[0] != "api":
            return self._file(folder / "/".join(rest[2:]))
        files = {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}
        if "tree" in rest:
            return self._json(
                [{"type": "file", "path": path, "size": f.stat().st_size, "oid": COMMIT} for path, f in files.items()]
            )
        siblings = [{"rfilename": path} for path in files]
        return self._json({"_id": "1", "id": name, "sha": COMMIT, "private": False, "tags": [], "siblings": siblings})

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def _file(self, path: Path) -> None:
        if not path.is_file():
            return self._answer(404, error="EntryNotFound")
        body = path.read_bytes()
        return self._answer(200, body=body, ETag=f'"{hashlib.sha256(body).hexdigest()}"')

    def _json(self, value: object) -> None:
        self._answer(200, body=json.dumps(value).encode())

    def _answer(self, status: int, *, body: bytes = b"", error: str = "", **headers: str) -> None:
        self.send_response(status)
        headers |= {"Content-Length": str(len(body)), "X-Repo-Commit": COMMIT}
        if error:
            headers["X-Error-Code"] = error
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def serving(repositories: Mapping[str, Path]) -> Iterator[tuple[str, list[str]]]:
    """Serve folders by "org/name"; gives the address and the growing list of what was asked."""
    asked: list[str] = []
    handler = type("Bound", (Handler,), {"repositories": repositories, "asked": asked})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
