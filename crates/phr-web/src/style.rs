//! The style sheet, part of the program.

use axum::{
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::IntoResponse,
};

pub(crate) const PATH: &str = "/assets/style.css";

pub(crate) async fn style() -> impl IntoResponse {
    let headers =
        [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")];
    (headers, include_str!("../assets/style.css"))
}
