"""How fast Observations reach a real HAPI, and who is busy with it.

Syncs some invented people, then delivers everything to the server that PHR_TEST_HAPI names (see
ci/hapi.sh), and then posts some of the same Observations one by one, as a simple client would.
Prints the rates and the processor time of both sides.

    cargo build --release && eval "$(ci/hapi.sh start)" && python3 ci/delivery_speed.py
"""

import argparse
import http.client
import json
import os
import re
import subprocess
import time
import urllib.parse

from stage import call, connect, free_port, sign_up, stage, start

TICKS = os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--posts", type=int, default=300, help="Observations posted one by one")
    parser.add_argument("--least", type=float, default=0, help="times faster than single posts")
    parser.add_argument("--phr", default="target/release/phr")
    options = parser.parse_args()
    people = ["--people", str(options.people), "--days", str(options.days)]
    settings = {"SYNC_LOOK_BACK_DAYS": str(options.days)}
    with stage(options.phr, sandbox_options=people, settings=settings) as (base, google, server):
        emails, total = sync(base, google)
        measure(options, server, emails[0], total)


def sync(base, google):
    """Brings everybody's days in; who they are, and how many Observations there are."""
    everybody = json.loads(call(f"{google}/sandbox/people")[2])
    tokens = []
    for number, person in enumerate(everybody):
        token = sign_up(base, person["email"], address=f"10.0.0.{number + 1}")
        connect(base, token, person["email"])
        tokens.append(token)
    total = 0
    for token in tokens:
        while True:
            status = json.loads(call(f"{base}/integrations/fitbit/status", token)[2])
            if status["last_complete_at"]:
                break
            time.sleep(0.5)
        total += json.loads(call(f"{base}/health/observations", token)[2])["total"]
    return [person["email"] for person in everybody], total


def measure(options, server, email, total):
    phr, hapi = os.path.abspath(options.phr), os.environ["PHR_TEST_HAPI"]
    with open(f"{os.environ['PHR_TEST_HAPI_DIR']}/pid") as file:
        hapi_pid = int(file.read())
    with open(f"/proc/{server.pid}/environ") as file:
        environment = dict(line.split("=", 1) for line in file.read().split("\0") if line)
    folder = os.readlink(f"/proc/{server.pid}/cwd")
    environment |= {
        "LISTEN": f"127.0.0.1:{free_port()}",
        "FHIR_BASE_URL": hapi,
        "FHIR_ALLOW_HTTP": "true",
        "FHIR_PRELIMINARY": "on",
    }
    run = lambda *words: subprocess.run(
        [phr, *words], cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout
    deliverer, _ = start([phr, "serve", "--role", "deliver"], environment, folder, "ready")

    def reached(least):
        """Waits until so many are delivered: how many, when, and the processor time of both."""
        begun = time.monotonic()
        while (delivered := progress(run("fhir", "status"))) < least:
            assert time.monotonic() - begun < 1200, f"{delivered} of {total}"
            time.sleep(0.3)
        return delivered, time.monotonic(), cpu(deliverer.pid), cpu(hapi_pid)

    try:
        # The first ones warm the server up: the single posts have it warm, too.
        first = reached(total // 4)
        delivered, took, ours, theirs = (b - a for a, b in zip(first, reached(total)))
    finally:
        deliverer.terminate()
        deliverer.wait()
    rate, share = delivered / took, 100 * ours / theirs
    print(f"delivered {delivered} Observations in {took:.1f} s: {rate:.0f} a second")
    print(f"processor time: ours {ours:.2f} s, HAPI's {theirs:.2f} s: {share:.1f} %")
    single = post(hapi, run("export", "--email", email), options.posts)
    print(f"posted one by one: {single:.0f} a second; delivery is {rate / single:.1f} times as fast")
    assert rate / single >= options.least, f"not {options.least} times as fast"


def progress(status):
    """How many Observations were delivered in all."""
    return int(re.search(r"delivered (\d+) in all", status).group(1))


def post(hapi, exported, count):
    """Posts Observations one after the other on one connection; how many a second."""
    resources = [json.loads(line) for line in exported.splitlines()]
    observations = [it for it in resources if it["resourceType"] == "Observation"][:count]
    url = urllib.parse.urlsplit(hapi)
    connection = http.client.HTTPConnection(url.hostname, url.port)
    headers = {"Content-Type": "application/fhir+json", "Prefer": "return=minimal"}
    begun = time.monotonic()
    for observation in observations:
        del observation["id"]
        body = json.dumps(observation)
        connection.request("POST", f"{url.path}/Observation", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 201, text
    return len(observations) / (time.monotonic() - begun)


def cpu(pid):
    """Seconds of processor time that a process has used (proc(5))."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


main()
