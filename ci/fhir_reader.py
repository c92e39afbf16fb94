"""Reads /fhir as strangers' software does; part of ci/clients.py.

    TOKEN=... python3 ci/fhir_reader.py BASE_URL
"""

import os
import sys
from decimal import Decimal

import requests
from fhir.resources.R4B import get_fhir_model_class
from fhirclient.client import FHIRClient
from fhirclient.models.device import Device
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient

LOINC = "http://loinc.org"
HEART_RATE = f"{LOINC}|8867-4"
PAGE = 50


def main():
    base, token = sys.argv[1], os.environ["TOKEN"]
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    ours = readings(session, base)
    patient = next(iter(ours.values()))["patient_id"]
    with_fhirclient(f"{base}/fhir", token, patient, ours)
    with_fhir_resources(session, f"{base}/fhir", patient, ours)
    refusals(session, f"{base}/fhir", patient)


def readings(session, base):
    """What our own API says: Observations by id."""
    found, page = {}, 1
    while True:
        reply = session.get(f"{base}/health/observations", params={"page": page, "page_size": 100})
        reply.raise_for_status()
        answer = reply.json(parse_float=Decimal)
        found |= {observation["id"]: observation for observation in answer["observations"]}
        if len(answer["observations"]) < 100:
            return found
        page += 1


def with_fhirclient(base, token, patient, ours):
    """SMART's own client for Python, which refuses whatever is not R4."""
    client = FHIRClient(settings={"app_id": "ci", "api_base": base, "patient_id": patient})
    client.prepare()
    server = client.server
    server.session.headers["Authorization"] = f"Bearer {token}"
    if hasattr(server.auth, "access_token"):
        server.auth.access_token = token
    assert server.capabilityStatement.fhirVersion == "4.0.1"
    assert Patient.read(patient, server).active

    rate = {id: it for id, it in ours.items() if it["observation_type"] == "heart_rate"}
    query = {"patient": patient, "code": HEART_RATE, "_count": str(PAGE)}
    hourly = [
        found
        for found in Observation.where(query).perform_resources_iter(server)
        if found.code.coding[0].code == "8867-4"
    ]
    assert len(hourly) > 2 * PAGE, len(hourly)
    assert {found.id for found in hourly} == set(rate), "not the same Observations"
    for found in hourly:
        assert Decimal(str(found.valueQuantity.value)) == Decimal(str(rate[found.id]["value"])), found.id

    day = sorted({it["date"] for it in rate.values()})[-2]
    offset = next(it for it in rate.values() if it["date"] == day)["effective_datetime"][19:]
    bounds = [f"ge{day}T00:00:00{offset}", f"le{day}T23:59:59{offset}"]
    of_day = Observation.where({**query, "date": {"$and": bounds}}).perform_resources_iter(server)
    # Beside the hours, the resting rate of the day carries the code too.
    of_day = {found.id for found in of_day}
    assert {id for id, it in rate.items() if it["date"] == day} <= of_day, day
    assert all(ours[id]["date"] == day for id in of_day), day

    search = Observation.where({**query, "_count": "3"}).include("device")
    first = search.perform(server)
    kinds = [entry.resource.resource_type for entry in first.entry]
    assert kinds.count("Observation") == 3 and "Device" in kinds, kinds
    device = next(entry.resource for entry in first.entry if entry.resource.resource_type == "Device")
    assert Device.read(device.id, server).patient.reference.endswith(patient)
    print(f"fhirclient: {len(hourly)} heart rates by pages of {PAGE}, {len(of_day)} of {day}")


def with_fhir_resources(session, base, patient, ours):
    """Models with every rule of the types, each resource on its own."""
    url, seen, pages = f"{base}/Observation?patient={patient}&_count=100&_total=accurate", {}, 0
    while url:
        bundle = parsed(session.get(url))
        assert bundle.total == len(ours), (bundle.total, len(ours))
        for entry in bundle.entry or []:
            found = entry.resource
            assert found.id not in seen, f"twice: {found.id}"
            assert entry.fullUrl == f"{base}/Observation/{found.id}", entry.fullUrl
            seen[found.id] = found
        url = next((link.url for link in bundle.link if link.relation == "next"), None)
        pages += 1
    assert set(seen) == set(ours)
    for id, found in seen.items():
        assert found.valueQuantity.value == Decimal(str(ours[id]["value"])), id

    posted = session.post(f"{base}/Observation/_search", data={"patient": patient, "_summary": "count"})
    assert parsed(posted).total == len(ours)
    newest = parsed(session.get(f"{base}/Observation/$lastn?patient={patient}"))
    everything = parsed(session.get(f"{base}/Patient/{patient}/$everything?_count=20"))
    history = parsed(session.get(f"{base}/Observation/{next(iter(seen))}/_history"))
    origin = parsed(session.get(f"{base}/Observation?_count=2&_revinclude=Provenance:target"))
    assert newest.entry and everything.entry and history.entry
    assert any(entry.resource.get_resource_type() == "Provenance" for entry in origin.entry)
    parsed(session.get(f"{base}/metadata"))
    print(f"fhir.resources: {len(seen)} Observations in {pages} pages")


def refusals(session, base, patient):
    """Every refusal is an OperationOutcome that can be parsed."""
    strict = {"Prefer": "handling=strict"}
    xml = {"Accept": "application/fhir+xml"}
    for status, url, headers in [
        (404, "Observation/00000000-0000-5000-8000-000000000000", {}),
        (404, "Spaceship/1", {}),
        (400, f"Observation?patient={patient}&colour=red", strict),
        (400, f"Observation?patient={patient}&date=yesterday", {}),
        (406, f"Patient/{patient}", xml),
        (401, f"Patient/{patient}", {"Authorization": "Bearer nobody"}),
    ]:
        reply = session.get(f"{base}/{url}", headers=headers)
        assert reply.status_code == status, (url, reply.status_code, reply.text)
        outcome = parsed(reply)
        assert outcome.get_resource_type() == "OperationOutcome", url


def parsed(reply):
    kind = reply.json()["resourceType"]
    assert reply.headers["Content-Type"].startswith("application/fhir+json"), reply.headers
    return get_fhir_model_class(kind).model_validate_json(reply.text)


main()
