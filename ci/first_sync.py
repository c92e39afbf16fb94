"""How much memory the server needs for somebody's first sync of many days.

Starts the emulated Google and the real server as processes of their own, with a temporary database
and fresh keys, connects one person, lets the background worker sync the whole look-back, and prints
how long it took and the most memory the server held meanwhile (VmHWM of Linux).

    cargo build --release && python3 ci/first_sync.py [--days 90] [--most 100]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

PASSWORD = "plum kettle orbit window"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


BROWSER = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))


def call(url, token=None, body=None, form=None, cookie=None):
    """One request; returns (status, headers, text) and follows nothing."""
    headers, data = {}, None
    if token:
        headers["Authorization"] = f"Bearer {token}"
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


def connect(base, token):
    """Through the consent page, every box ticked."""
    call(f"{base}/integrations/vendors/select", token, {"vendor": "fitbit"})
    _, headers, _ = call(f"{base}/integrations/fitbit/authorize", token)
    cookie = headers["Set-Cookie"].split(";")[0]
    page = urllib.parse.urlsplit(headers["Location"])
    form = urllib.parse.parse_qsl(page.query)
    scopes = dict(form)["scope"].split(" ")
    form += [("account", "ines@example.com"), ("decision", "allow")]
    form += [("scopes", scope) for scope in scopes]
    _, headers, _ = call(page._replace(query="").geturl(), form=form)
    status, headers, text = call(headers["Location"], cookie=cookie)
    assert status == 303, (status, text)


def start(command, environment, folder, ready):
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for line in process.stdout:
        if ready in line:
            return process, line
    sys.exit(f"{command} did not start")


def free_port():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--most", type=int, default=100, help="MiB that the sync may take")
    parser.add_argument("--phr", default="target/release/phr")
    options = parser.parse_args()
    phr = os.path.abspath(options.phr)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        callback = f"{base}/integrations/fitbit/callback"
        sandbox, line = start(
            [phr, "sandbox", "--port", "0", "--quota", "0", "--redirect-uri", callback],
            {},
            folder,
            "FITBIT_BASE_URL",
        )
        keys = subprocess.run([phr, "keys", "generate"], capture_output=True, text=True, check=True)
        settings = dict(line.split("=", 1) for line in keys.stdout.split())
        settings |= {
            "LISTEN": f"127.0.0.1:{port}",
            "PUBLIC_URL": base,
            "REGISTRATION": "open",
            "SYNC_LOOK_BACK_DAYS": str(options.days),
            "REQUESTS_PER_MINUTE_PER_PERSON": "1000000",
            "REQUESTS_PER_MINUTE": "1000000",
            "FITBIT_BASE_URL": line.split("=", 1)[1].strip(),
            "FITBIT_CLIENT_ID": "sandbox-client.apps.example.com",
            "FITBIT_CLIENT_SECRET": "sandbox-secret",
        }
        server, _ = start([phr, "serve"], settings, folder, "ready")
        try:
            measure(base, server, options.days, options.most)
        finally:
            server.terminate()
            sandbox.terminate()
            server.wait()
            sandbox.wait()


def measure(base, server, days, most):
    account = {"email": "ines@example.com", "password": PASSWORD, "name": "Ines"}
    status, _, text = call(f"{base}/auth/register", body=account)
    assert status == 201, (status, text)
    login = {"email": account["email"], "password": PASSWORD}
    token = json.loads(call(f"{base}/auth/login", body=login)[2])["access_token"]
    time.sleep(2)  # the memory that hashing the password took goes back to the system
    hashing = peak(server)
    forget_peak(server)
    before = peak(server)
    begun = time.monotonic()
    connect(base, token)
    while True:
        status = json.loads(call(f"{base}/integrations/fitbit/status", token)[2])
        if status["last_complete_at"]:
            break
        assert time.monotonic() - begun < 900, status
        time.sleep(0.5)
    took = time.monotonic() - begun
    total = json.loads(call(f"{base}/health/observations", token)[2])["total"]
    print(f"{days} days synced in {took:.1f} s, {total} Observations")
    print(f"memory of the server: {before:.0f} MiB before, at most {peak(server):.0f} MiB during")
    assert peak(server) < most, f"more than {most} MiB"
    print(f"(signing in took {hashing:.0f} MiB for a moment: Argon2id is meant to)")


def forget_peak(process):
    """Lets VmHWM begin anew (Linux, proc(5))."""
    with open(f"/proc/{process.pid}/clear_refs", "w") as clear:
        clear.write("5")


def peak(process):
    """VmHWM in MiB."""
    with open(f"/proc/{process.pid}/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


main()
