"""An app of others that a person lets in (SMART App Launch); part of ci/clients.py.

    TOKEN=... PASSWORD=... python3 ci/smart_app.py BASE_URL EMAIL CLIENT_ID [CLIENT_SECRET]

`fhirclient` is the app. The person's part, which is a browser's, is a form.
"""

import html
import os
import re
import sys

import requests
from fhirclient.client import FHIRClient
from fhirclient.models.observation import Observation
from fhirclient.server import FHIRUnauthorizedException

REDIRECT = "http://127.0.0.1:49152/callback"


def main():
    base, email, client_id, *secret = sys.argv[1:]
    settings = {
        "app_id": client_id,
        "app_secret": secret[0] if secret else None,
        "api_base": f"{base}/fhir",
        "redirect_uri": REDIRECT,
        "scope": "patient/*.read offline_access openid",
    }
    app = FHIRClient(settings=settings)
    assert not app.prepare(), "an app that nobody let in must not be ready"
    app.handle_callback(let_in(base, app.authorize_url, email, os.environ["PASSWORD"]))
    assert app.launch_context["scope"] == "launch/patient patient/*.read offline_access"
    assert app.patient.id == app.patient_id
    assert readings(app) > 0
    spent = app.server.auth.access_token
    assert app.reauthorize() and app.server.auth.access_token != spent
    found = readings(app)

    person = requests.Session()
    person.headers["Authorization"] = f"Bearer {os.environ['TOKEN']}"
    [listed] = [it for it in person.get(f"{base}/apps").json()["apps"] if it["id"] == client_id]
    assert "offline_access" in listed["scopes"], listed
    assert person.delete(f"{base}/apps/{client_id}").status_code == 204
    assert refused(lambda: readings(app), FHIRUnauthorizedException), "its access has ended"
    assert refused(app.reauthorize, Exception), "nothing is renewed"
    print(f"fhirclient as an app, {'with' if secret else 'without'} a secret: {found} readings, then none")


def let_in(base, url, email, password):
    """What the person does on the page; where the browser is sent then."""
    browser = requests.Session()
    page = browser.get(url)
    assert page.status_code == 200, page.text
    action = html.unescape(re.search(r'action="([^"]+)"', page.text).group(1))
    scopes = re.findall(r'name="scope" value="([^"]+)" checked', page.text)
    form = {"email": email, "password": password, "decision": "allow", "scope": scopes}
    reply = browser.post(base + action, data=form, allow_redirects=False)
    assert reply.status_code == 303, (reply.status_code, reply.text)
    return reply.headers["Location"]


def readings(app):
    return Observation.where({"patient": app.patient_id, "_summary": "count"}).perform(app.server).total


def refused(work, error):
    try:
        work()
    except error:
        return True
    return False


main()
