"""Checks the one line of JSON that `phr demo --once --json` prints."""

import json
import sys

METRICS = {
    # Twelve whole days that it was worn, and of today what there is shortly after midnight.
    "heart_rate": 270,
    "spo2": 5,
    "body_weight": 3,
    "steps": 12,
    "calories": 12,
    "distance": 12,
    "resting_heart_rate": 8,
}

line = json.loads(sys.stdin.read())
assert line["base_url"].startswith("http://127.0.0.1:"), line["base_url"]
assert line["sandbox_url"].startswith("http://127.0.0.1:"), line["sandbox_url"]
assert line["people"], "nobody arrived"
for person in line["people"]:
    for field in ("name", "email", "password", "access_token", "patient_id"):
        assert person[field], f"{field} is empty"
    for metric, least in METRICS.items():
        counts = person["metrics"][metric]
        assert counts["observations"] >= least, (metric, counts)
        assert 0 < counts["days"] <= 14, (metric, counts)
    for metric in ("heart_rate", "steps", "calories", "distance", "body_weight", "spo2"):
        assert person["metrics"][metric]["samples"] > 0, metric
print("the demonstration arrived complete")
