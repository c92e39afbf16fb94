"""The authority on our resources: `$validate` of a real HAPI, which is HL7's validator with R4's
definitions on board.

Whatever we export or could write must be valid, and what is broken (ci/hapi/broken) must be refused
for its own reason, or the validator proves nothing.

    eval "$(ci/hapi.sh start)" && python3 ci/validate.py
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

BROKEN = pathlib.Path(__file__).parent / "hapi" / "broken"

# What HAPI says about each of them, in part.
REASONS = {
    "array-empty": "Array cannot be empty",
    "component-unit-not-vital": "was not found in the value set 'Vital Signs Units'",
    "element-unknown": "Unrecognized property 'vendor'",
    "id-too-long": "Too long (65 chars)",
    "issued-without-time": "Not a valid instant format",
    "null-left-over": "must be an Object, not a Null",
    "period-ends-before-it-starts": "per-1",
    "profile-code-twice": "max allowed = 1, but found 2",
    "resting-code-alone": "magic LOINC code 8867-4 required",
    "sampled-data": "slicing is CLOSED",
    "saturation-without-its-profile-code": "magic LOINC code 2708-6 required",
    "status-unknown": "Unknown ObservationStatus code 'complete'",
    "steps-not-ucum": "Error processing unit 'steps'",
    "subject-missing": "Observation.subject: minimum required = 1",
    "text-empty": "value cannot be empty",
    "time-of-a-month": "vs-1",
    "time-without-offset": "it must have a timezone",
    "unit-code-is-a-label": "fixed to '/min'",
    "unit-missing": "unit: minimum required = 1",
    "value-beside-reason-for-none": "obs-6",
    "value-is-text": "must be a number",
    "value-missing": "vs-2",
    "vital-sign-filed-as-activity": "Slice 'Observation.category:VSCat'",
    "weight-in-stones": "was not found in the value set 'Body Weight Units'",
}

# Beyond HAPI: it has no LOINC, follows no reference, and knows nothing of days. Our own checker
# finds these (crates/phr-fhir/tests/broken.rs).
OURS_ALONE = {"display-of-another-code", "period-reaches-into-the-next-day", "subject-is-a-device"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--phr", default="target/release/phr")
    parser.add_argument("--hapi", default=os.environ.get("PHR_TEST_HAPI"))
    parser.add_argument("files", nargs="*", help="more resources, one a line")
    options = parser.parse_args()
    if not options.hapi:
        sys.exit("PHR_TEST_HAPI is not set: eval \"$(ci/hapi.sh start)\"")
    lines = exported(os.path.abspath(options.phr))
    for file in options.files:
        lines += pathlib.Path(file).read_text().splitlines()
    wrong = judge_ours(options.hapi, lines) + judge_broken(options.hapi)
    sys.exit(f"{wrong} wrong" if wrong else 0)


def exported(phr):
    """What the people of a demonstration have, one resource a line."""
    with tempfile.TemporaryDirectory() as folder:
        demo = [phr, "demo", "--once", "--json", "--port", "0", "--data-dir", folder, "--metrics", "all"]
        people = json.loads(subprocess.check_output(demo, cwd=folder))["people"]
        environment = {**os.environ, "DATABASE_URL": f"sqlite:{folder}/phr.sqlite"}
        lines = []
        for person in people:
            export = [phr, "export", "--email", person["email"]]
            lines += subprocess.check_output(export, cwd=folder, env=environment).splitlines()
        return lines


def judge_ours(hapi, lines):
    """Validates one resource of each shape; returns how many are wrong."""
    shapes = {}
    for line in lines:
        resource = json.loads(line)
        shapes.setdefault(shape(resource), resource)
    assert len(lines) > 300 and len(shapes) >= 8, (len(lines), len(shapes))
    wrong = 0
    for resource in shapes.values():
        errors = errors_of(hapi, resource)
        if errors:
            wrong += 1
            print(f"not valid: {json.dumps(resource)}")
            for error in errors:
                print(f"  {error}")
    print(f"{len(lines)} resources of {len(shapes)} shapes, {wrong} of them not valid")
    return wrong


def shape(resource):
    """Everything about a resource but what differs from one to the next."""
    text = json.dumps(resource)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)", "TIME", text)
    text = re.sub(r"http://(localhost|127\.0\.0\.1)(:\d+)?", "BASE", text)
    return re.sub(r'"value": -?\d+(\.\d+)?', '"value": N', text)


def judge_broken(hapi):
    """Validates what is broken on purpose; returns how many are not refused for their reason."""
    files = {file.stem: json.loads(file.read_text()) for file in sorted(BROKEN.glob("*.json"))}
    assert set(files) == set(REASONS) | OURS_ALONE, set(files) ^ set(REASONS) ^ OURS_ALONE
    wrong = 0
    for name, resource in files.items():
        errors = errors_of(hapi, resource)
        if name in OURS_ALONE:
            assert not errors, f"{name}: HAPI finds it now, so say what it answers: {errors}"
        elif not any(REASONS[name] in error for error in errors):
            print(f"{name}: not refused for its reason, but {errors}")
            wrong += 1
    print(f"{len(REASONS)} broken ones refused, {len(OURS_ALONE)} left to our own checker, {wrong} wrong")
    return wrong


def errors_of(hapi, resource):
    """What HAPI refuses about it, in its words."""
    request = urllib.request.Request(
        f"{hapi}/{resource['resourceType']}/$validate",
        data=json.dumps(resource).encode(),
        headers={"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as reply:
            outcome = json.load(reply)
    except urllib.error.HTTPError as reply:  # HAPI could not even read it
        outcome = json.load(reply)
    assert outcome["resourceType"] == "OperationOutcome", outcome
    grave = [issue for issue in outcome["issue"] if issue["severity"] in ("error", "fatal")]
    return [issue["diagnostics"] for issue in grave]


if __name__ == "__main__":
    main()
