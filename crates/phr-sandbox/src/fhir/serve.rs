//! HTTP.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{
        HeaderMap, Method, StatusCode, Uri,
        header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::{Value, json};

use super::{
    FhirWorld, Inner,
    faults::Fate,
    record::{Refusal, Written},
    request,
};

pub(super) fn router(world: FhirWorld) -> Router {
    Router::new()
        .route("/fhir", any(answer))
        .route("/fhir/", any(answer))
        .route("/fhir/{*path}", any(answer))
        // A hundred Observations in a bundle take a hundred kilobytes; a thousand must fit.
        .layer(axum::extract::DefaultBodyLimit::max(16 << 20))
        .with_state(world)
}

async fn answer(
    State(world): State<FhirWorld>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_write = method != Method::GET;
    let fate = {
        let mut inner = world.lock();
        inner.requests += 1;
        inner.mood.fate(is_write)
    };
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let _under_way = UnderWay::begin(&world, patients(&body));
    if !fate.delay.is_zero() {
        tokio::time::sleep(fate.delay).await;
    }
    let reply = faulty(&fate).unwrap_or_else(|| {
        let mut inner = world.lock();
        if inner.lets_in(&headers) {
            let path = uri.path().trim_start_matches("/fhir").trim_matches('/').to_owned();
            let query = uri.query().unwrap_or_default();
            handle(&mut inner, &method, (&path, query), &body).unwrap_or_else(refused)
        } else {
            refused((401, "sign in first".to_owned()))
        }
    });
    if fate.cut_after { cut() } else { reply }
}

impl Inner {
    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        self.authorization.as_deref().is_none_or(|wanted| sent == Some(wanted))
    }

    fn enter(&mut self, patients: &[String]) {
        self.overlaps += u64::from(patients.iter().any(|one| self.under_way.contains(one)));
        self.under_way.extend_from_slice(patients);
    }

    fn leave(&mut self, patients: &[String]) {
        for patient in patients {
            if let Some(at) = self.under_way.iter().position(|one| one == patient) {
                self.under_way.swap_remove(at);
            }
        }
    }
}

/// A bundle under way; it ends with the request, even if the client went away.
struct UnderWay {
    world: FhirWorld,
    patients: Vec<String>,
}

impl UnderWay {
    fn begin(world: &FhirWorld, patients: Vec<String>) -> Self {
        world.lock().enter(&patients);
        Self { world: world.clone(), patients }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.world.lock().leave(&self.patients);
    }
}

/// Whom a bundle is about.
fn patients(body: &Value) -> Vec<String> {
    let entries = body["entry"].as_array().into_iter().flatten();
    let patient =
        |entry: &Value| entry["resource"]["subject"]["reference"].as_str().map(str::to_owned);
    let mut patients: Vec<String> = entries.filter_map(patient).collect();
    patients.sort_unstable();
    patients.dedup();
    patients
}

/// What is answered instead, if anything.
fn faulty(fate: &Fate) -> Option<Response> {
    if fate.cut {
        return Some(cut());
    }
    if fate.html {
        let page = "<html><body>Bad Gateway</body></html>";
        return Some(
            (StatusCode::BAD_GATEWAY, [(CONTENT_TYPE, "text/html")], page).into_response(),
        );
    }
    let (status, retry_after) = fate.status?;
    let mut reply = refused((status, "as was asked for".to_owned()));
    if let Some(seconds) = retry_after {
        reply.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    Some(reply)
}

/// An answer that breaks off: the client sees a connection that was cut.
fn cut() -> Response {
    let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("cut"))]);
    Response::new(Body::from_stream(broken))
}

fn handle(
    inner: &mut Inner,
    method: &Method,
    (path, query): (&str, &str),
    body: &Value,
) -> Result<Response, Refusal> {
    let parts: Vec<&str> = path.split('/').collect();
    match (method.as_str(), &parts[..]) {
        ("GET", ["metadata"]) => Ok(fhir(StatusCode::OK, &request::capabilities(inner.ids))),
        ("POST", [""]) => request::transaction(inner, body).map(|done| fhir(StatusCode::OK, &done)),
        ("PUT", [kind]) => {
            let written = request::put(inner, &format!("{kind}?{query}"), body)?;
            Ok(located(kind, &written))
        }
        ("PUT", [kind, _]) => Ok(located(kind, &request::put(inner, path, body)?)),
        ("GET", [kind]) => Ok(fhir(StatusCode::OK, &request::search(&inner.record, kind, query))),
        ("GET", [kind, id]) => {
            inner.record.read(kind, id).map(|resource| fhir(StatusCode::OK, resource))
        }
        ("GET", [kind, id, "_history"]) => {
            let history = inner.record.history(kind, id).ok_or((404, String::new()))?;
            let entry = |resource: &Option<Value>| json!({"resource": resource});
            let entries: Vec<Value> = history.iter().rev().map(entry).collect();
            let total = entries.len();
            let bundle = json!({"resourceType": "Bundle", "type": "history", "total": total,
                "entry": entries});
            Ok(fhir(StatusCode::OK, &bundle))
        }
        ("DELETE", [kind, id]) => {
            inner.record.delete(kind, id)?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        ("POST", [kind, id, "$expunge"]) => {
            inner.record.expunge_deleted(kind, id)?;
            Ok(fhir(StatusCode::OK, &json!({"resourceType": "Parameters"})))
        }
        _ => Err((404, "there is nothing here".to_owned())),
    }
}

fn located(kind: &str, written: &Written) -> Response {
    let Written { status, id, version } = written;
    let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::OK);
    let location = format!("http://127.0.0.1/fhir/{kind}/{id}/_history/{version}");
    (status, [("location", location)]).into_response()
}

fn fhir(status: StatusCode, resource: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/fhir+json")], resource.to_string()).into_response()
}

fn refused((status, why): Refusal) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let issue = json!([{"severity": "error", "code": "processing", "diagnostics": why}]);
    fhir(status, &json!({"resourceType": "OperationOutcome", "issue": issue}))
}
