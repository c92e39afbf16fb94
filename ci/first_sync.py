"""How much memory the server needs for somebody's first sync of many days.

Connects one person to a server of its own, lets the background worker sync the whole look-back, and
prints how long it took and the most memory the server held meanwhile (VmHWM of Linux).

    cargo build --release && python3 ci/first_sync.py [--days 90] [--most 100]
"""

import argparse
import json
import os
import time

from stage import call, connect, sign_up, stage


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--most", type=int, default=100, help="MiB that the sync may take")
    parser.add_argument("--phr", default="target/release/phr")
    options = parser.parse_args()
    settings = {"SYNC_LOOK_BACK_DAYS": str(options.days)}
    with stage(options.phr, settings=settings) as (base, _, server):
        measure(base, server, options.days, options.most)


def measure(base, server, days, most):
    token = sign_up(base, "ines@example.com")
    time.sleep(2)  # the memory that hashing the password took goes back to the system
    hashing = peak(server)
    forget_peak(server)
    before = peak(server)
    begun = time.monotonic()
    connect(base, token, "ines@example.com")
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
    held = size(server)
    print(f"database: {held / 2**20:.2f} MiB, {held / days / 1024:.1f} KiB a day")
    print(f"(signing in took {hashing:.0f} MiB for a moment: Argon2id is meant to)")


def size(process):
    """Bytes of the database; its write-ahead log (4 MiB) comes on top, once."""
    return os.path.getsize(f"/proc/{process.pid}/cwd/phr.sqlite")


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
