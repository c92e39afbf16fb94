"""A server and the emulated Google as processes of their own, for measuring: temporary database,
fresh keys, free ports. Nothing here measures anything."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request

PASSWORD = "plum kettle orbit window"
QUOTA = "1000000"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


BROWSER = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))


def call(url, token=None, body=None, form=None, cookie=None, address=None):
    """One request; returns (status, headers, text) and follows nothing."""
    headers, data = {}, None
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if address:
        headers["X-Forwarded-For"] = address
    if cookie:
        headers["Cookie"] = cookie
    if body is not None:
        headers["Content-Type"], data = "application/json", json.dumps(body).encode()
    if form is not None:
        data = urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(url, data=data, headers=headers)
    try:
        with BROWSER.open(request, timeout=60) as reply:
            return reply.status, reply.headers, reply.read().decode()
    except urllib.error.HTTPError as reply:
        return reply.code, reply.headers, reply.read().decode()


def connect(base, token, google_account):
    """Through the consent page, every box ticked."""
    call(f"{base}/integrations/vendors/select", token, {"vendor": "fitbit"})
    _, headers, _ = call(f"{base}/integrations/fitbit/authorize", token)
    cookie = headers["Set-Cookie"].split(";")[0]
    page = urllib.parse.urlsplit(headers["Location"])
    form = urllib.parse.parse_qsl(page.query)
    scopes = dict(form)["scope"].split(" ")
    form += [("account", google_account), ("decision", "allow")]
    form += [("scopes", scope) for scope in scopes]
    _, headers, _ = call(page._replace(query="").geturl(), form=form)
    status, headers, text = call(headers["Location"], cookie=cookie)
    assert status == 303, (status, text)


def sign_up(base, email, address=None):
    """A new account; returns its access token."""
    account = {"email": email, "password": PASSWORD, "name": "Somebody"}
    status, _, text = call(f"{base}/auth/register", body=account, address=address)
    assert status == 201, (status, text)
    login = {"email": email, "password": PASSWORD}
    return json.loads(call(f"{base}/auth/login", body=login, address=address)[2])["access_token"]


def start(command, environment, folder, ready):
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    for line in process.stdout:
        said.append(line)
        if ready in line:
            # What nobody reads would fill the pipe, and the process would wait for room.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return process, line
    sys.exit(f"{command} did not start: {''.join(said)}")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextlib.contextmanager
def stage(phr, sandbox_options=(), settings=None):
    """Yields (base URL, sandbox URL, server process)."""
    phr = os.path.abspath(phr)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        callback = f"{base}/integrations/fitbit/callback"
        options = ["--port", "0", "--quota", "0", "--redirect-uri", callback, *sandbox_options]
        sandbox, line = start([phr, "sandbox", *options], {}, folder, "FITBIT_BASE_URL")
        google = line.split("=", 1)[1].strip()
        keys = subprocess.run([phr, "keys", "generate"], capture_output=True, text=True, check=True)
        environment = dict(line.split("=", 1) for line in keys.stdout.split())
        environment |= {
            "LISTEN": f"127.0.0.1:{port}",
            "PUBLIC_URL": base,
            "REGISTRATION": "open",
            "REQUESTS_PER_MINUTE_PER_PERSON": QUOTA,
            "REQUESTS_PER_MINUTE": QUOTA,
            "FITBIT_BASE_URL": google,
            "FITBIT_CLIENT_ID": "sandbox-client.apps.example.com",
            "FITBIT_CLIENT_SECRET": "sandbox-secret",
            **(settings or {}),
        }
        server, _ = start([phr, "serve"], environment, folder, "ready")
        try:
            yield base, google, server
        finally:
            server.terminate()
            sandbox.terminate()
            server.wait()
            sandbox.wait()
