"""What it costs to keep a connection in step when nothing changed: the server's processor time and
the requests it sends to the vendor for one comparison of a fortnight.

The emulator's clock stands, so its data does not grow; each person is synced once, and then again
and again. The processor time is the server's alone (Linux, proc(5)).

    cargo build --release && python3 ci/unchanged.py [--people 8] [--rounds 5]
"""

import argparse
import datetime
import json
import os
import time

from stage import call, connect, sign_up, stage


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5, help="at most 6: a person may not ask for more")
    parser.add_argument("--phr", default="target/release/phr")
    options = parser.parse_args()
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    people = ["--now", now, "--people", str(options.people), "--days", "20"]
    settings = {"SYNC_INTERVAL": "24h", "TRUSTED_PROXIES": "127.0.0.1"}
    with stage(options.phr, people, settings) as (base, google, server):
        measure(base, google, server, options.rounds)


def measure(base, google, server, rounds):
    tokens = [
        joined(base, number, person["email"])
        for number, person in enumerate(json.loads(call(f"{google}/sandbox/people")[2]))
    ]
    for token in tokens:
        while not json.loads(call(f"{base}/integrations/fitbit/status", token)[2])["last_complete_at"]:
            time.sleep(0.5)
    requests = asked(google)
    before, begun = processor_seconds(server), time.monotonic()
    for _ in range(rounds):
        for token in tokens:
            status, _, text = call(f"{base}/health/sync/immediate", token, {})
            assert status == 200, (status, text)
    syncs, took = rounds * len(tokens), time.monotonic() - begun
    spent, requests = processor_seconds(server) - before, asked(google) - requests
    print(f"{syncs} comparisons of a fortnight, nothing changed, in {took:.1f} s")
    print(f"requests to the vendor for each: {requests / syncs:.1f}")
    print(f"processor time of the server for each: {spent / syncs * 1000:.2f} ms")
    print(f"connections an hour and core: {3600 * syncs / spent:,.0f}")


def joined(base, number, email):
    """Signs up from an address of their own, because one address may not sign up many people."""
    token = sign_up(base, email, address=f"192.0.2.{number + 1}")
    connect(base, token, email)
    return token


def asked(google):
    return json.loads(call(f"{google}/sandbox/requests")[2])["total"]


def processor_seconds(process):
    with open(f"/proc/{process.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


main()
