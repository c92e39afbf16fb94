"""Clients that others wrote, against a server of ours with one connected person.

    rest   schemathesis (https://schemathesis.io) makes up requests from our OpenAPI document, valid
           and not, and judges the answers: no 5xx, and nothing that the document does not tell
    fhir   `fhirclient` and `fhir.resources` search, page and parse /fhir; then `fhirclient` is an app
           that the person lets in (SMART App Launch), reads, and is let in no more

    cargo build --release && python3 ci/clients.py rest fhir

They are installed into a virtual environment of their own (target/clients), as ci/clients.txt tells.
"""

import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import venv

from stage import PASSWORD, call, connect, sign_up, stage

HERE = pathlib.Path(__file__).resolve().parent
HOME = HERE.parent / "target" / "clients"

# All about answers. Not whether a request that fits its schema is good: a date may be tomorrow's. Nor
# whether unknown methods are 405: reading with a body is refused before anything else is looked at.
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance"
CHECKS += ",response_headers_conformance,response_schema_conformance"
CHECKS += ",negative_data_rejection,missing_required_header,ignored_auth"

# Its answer never ends.
ENDLESS = "/health/changes/stream"
# These end the session that asks, or the connection that the others read from.
FAREWELLS = [
    "/auth/logout",
    "/auth/logout/all",
    "/auth/password",
    "/auth/sessions/{id}",
    "/integrations/vendors/disconnect",
]
SETTINGS = {
    "API_DOCS": "on",
    "HISTORY_DAYS": "0",  # nothing more arrives while clients count
    "FITBIT_WEBHOOK_AUTHORIZATION": "Bearer nobody-knows-this-value-of-40-letters",
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="+", choices=["rest", "fhir"])
    parser.add_argument("--phr", default="target/release/phr")
    parser.add_argument("--examples", type=int, default=25, help="made-up requests per operation")
    options = parser.parse_args()
    programs = installed()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        settings = {**SETTINGS, "DATABASE_URL": f"sqlite:{folder}/phr.sqlite"}
        base, _, _ = stack.enter_context(stage(options.phr, settings=settings))
        token = sign_up(base, "ines@example.com")
        # Before the made-up requests use up what strangers may ask.
        farewells = {path: sign_up(base, f"{name(path)}@example.com") for path in FAREWELLS}
        connect(base, token, "ines@example.com")
        wait_for_readings(base, token)
        if "fhir" in options.parts:
            read = [programs / "python", HERE / "fhir_reader.py", base]
            if subprocess.run(read, env={**os.environ, "TOKEN": token}).returncode != 0:
                sys.exit("/fhir is not what a client expects")
            place = {"DATABASE_URL": settings["DATABASE_URL"], "PUBLIC_URL": base}
            for kind in [[], ["--confidential"]]:
                credentials = registered(options.phr, place, kind)
                launch = [programs / "python", HERE / "smart_app.py", base, "ines@example.com"]
                person = {"TOKEN": token, "PASSWORD": PASSWORD}
                if subprocess.run([*launch, *credentials], env={**os.environ, **person}).returncode != 0:
                    sys.exit("an app cannot be let in")
        if "rest" in options.parts:
            leave_out = [*each("--exclude-path", [ENDLESS, *FAREWELLS])]
            schemathesis(programs, base, token, options.examples, leave_out)
            for path, token in farewells.items():
                schemathesis(programs, base, token, options.examples, ["--include-path", path])


def installed():
    """The folder of the clients' programs; made anew when ci/clients.txt changed."""
    wanted = (HERE / "clients.txt").read_text()
    marker = HOME / "installed.txt"
    if not marker.exists() or marker.read_text() != wanted:
        venv.create(HOME, clear=True, with_pip=True)
        pip = [HOME / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", HERE / "clients.txt"], check=True)
        marker.write_text(wanted)
    return HOME / "bin"


def registered(phr, place, kind):
    """An app that an operator registers: its id and, if it has one, its secret."""
    command = [phr, "apps", "register", "--name", "Growth Chart"]
    command += ["--redirect-uri", "http://127.0.0.1/callback", *kind]
    said = subprocess.run(command, env={**os.environ, **place}, capture_output=True, text=True, check=True)
    lines = [line.split() for line in said.stdout.splitlines()]
    return [words[1] for words in lines if words and words[0] in ("client_id", "client_secret")]


def wait_for_readings(base, token):
    deadline = time.monotonic() + 120
    while not json.loads(call(f"{base}/integrations/fitbit/status", token)[2])["last_complete_at"]:
        assert time.monotonic() < deadline, "the first sync did not end"
        time.sleep(0.2)


def name(path):
    return "".join(letter for letter in path if letter.isalpha())


def each(option, values):
    return [part for value in values for part in (option, value)]


def schemathesis(programs, base, token, examples, choice):
    command = [programs / "schemathesis", "run", f"{base}/openapi.json", "--url", base]
    command += ["--header", f"Authorization: Bearer {token}", "--phases", "examples,coverage,fuzzing"]
    command += ["--checks", CHECKS, "--max-examples", str(examples), "--generation-deterministic"]
    command += ["--request-timeout", "30", "--no-color", "--warnings", "off"]
    # A form is text with rules; most of what is drawn breaks them at once.
    command += ["--suppress-health-check", "filter_too_much"]
    ended = subprocess.run([*command, *choice], capture_output=True, text=True, env=os.environ)
    text = ended.stdout.replace(token, "TOKEN")
    if ended.returncode != 0:
        sys.exit(text[-20_000:] + ended.stderr)
    print(next(line.strip() for line in text.splitlines() if "generated" in line))


main()
