//! What the OpenAPI document says about the API as a whole.

use axum::http::{HeaderValue, header::CONTENT_SECURITY_POLICY};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        ContentBuilder, OpenApi as Document, Ref, RefOr, Required, ResponseBuilder, Server,
        path::{Operation, PathItem},
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

use crate::{problem::ProblemDocument, settings::Settings};

/// Swagger UI needs its own scripts and styles from this origin, and sets styles by script.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' \
    'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

const JSON: &str = "application/json";

/// The tag of what is never refused for asking too often.
const PROBES: &str = "operations";

/// Where the body may be left away (`Input::MAY_BE_ABSENT`), which the macros cannot say.
const BODY_MAY_BE_ABSENT: &str = "/integrations/fitbit/authorize/url";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "PHR Backend",
        description = "Health readings from wearables, complete and vendor-agnostic.\n\n\
            Sign in with `POST /auth/login`, press **Authorize** and paste the `access_token`.\n\n\
            Every failure is a problem document (RFC 9457) of one shape, see `ProblemDocument`; \
            `errors` names each field or parameter and what is allowed. Any signed-in operation \
            may answer 401 (no valid token), 422 (a field or parameter has a mistake; unknown and \
            repeated ones are mistakes), 429 (too many requests, with `Retry-After`) and 503 \
            (busy, with `Retry-After`).",
        license(name = "Apache-2.0 OR MIT")
    ),
    components(schemas(ProblemDocument)),
    modifiers(&BearerScheme),
    tags(
        (name = "auth", description = "Accounts and sessions"),
        (name = "integrations", description = "Vendors and connecting them"),
        (name = "health", description = "Syncing and reading"),
        (name = "fhir", description = "The record for FHIR R4 clients: reading only, JSON only, \
            failures as OperationOutcome. See `GET /fhir/metadata`."),
        (name = "apps", description = "Other people's apps: what they may read, and the endpoints by \
            which they are let in (SMART App Launch, OAuth 2.0)"),
        (name = "pages", description = "Pages that people see in their browser while connecting, and \
            while letting an app in"),
        (name = "webhooks", description = "What vendors call"),
        (name = "operations", description = "Probes"),
    )
)]
struct Base;

struct BearerScheme;

impl Modify for BearerScheme {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.bearer_format = Some("JWT (RFC 9068)".to_owned());
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// The document before any route.
pub(crate) fn base(settings: &Settings) -> utoipa::openapi::OpenApi {
    let mut document = Base::openapi();
    if settings.demo {
        let warning = "**A demonstration: invented people, throw-away keys.**\n\n";
        let description = document.info.description.get_or_insert_default();
        description.insert_str(0, warning);
    }
    document.servers = Some(vec![Server::new(settings.base())]);
    document
}

/// Adds what operations answer before they look at what they were asked: that there were too many
/// requests, and what is wrong with a body that should be JSON.
pub(crate) fn completed(mut document: Document) -> Document {
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item).filter(|operation| !is_tagged(operation, PROBES)) {
            add(operation, "429", "Too many requests; `Retry-After` tells when to ask again");
            if takes_json(operation) {
                add(operation, "400", "The body is not valid JSON");
                add(operation, "413", "The body is too large");
                add(operation, "415", "The body is not `application/json`");
            }
            if let (BODY_MAY_BE_ABSENT, Some(RefOr::T(body))) =
                (&**path, &mut operation.request_body)
            {
                body.required = Some(Required::False);
            }
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    [get, post, put, patch, delete].into_iter().flatten()
}

fn is_tagged(operation: &Operation, tag: &str) -> bool {
    operation.tags.iter().flatten().any(|it| it == tag)
}

fn takes_json(operation: &Operation) -> bool {
    let body = operation.request_body.as_ref();
    body.is_some_and(|body| matches!(body, RefOr::T(body) if body.content.contains_key(JSON)))
}

/// Adds an answer, unless the operation tells of it in its own words.
fn add(operation: &mut Operation, status: &str, description: &str) {
    let (schema, media_type) = if is_tagged(operation, "fhir") {
        ("FhirOutcome", "application/fhir+json")
    } else {
        ("ProblemDocument", "application/problem+json")
    };
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    let response =
        ResponseBuilder::new().description(description).content(media_type, content).build();
    operation.responses.responses.entry(status.to_owned()).or_insert_with(|| response.into());
}

/// Lets the documentation page run in a browser.
pub(crate) fn docs_policy() -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(DOCS_POLICY),
    )
}
