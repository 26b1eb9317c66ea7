//! `GET /`: the public entry with its doors.

use askama::Template;
use axum::response::Response;

use crate::auth::Visitor;
use crate::error::Refusal;
use crate::pages::{self, Base};

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage {
    base: Base,
}

/// Draws the entry.
pub async fn show(visitor: Visitor) -> Result<Response, Refusal> {
    pages::page(&EntryPage { base: visitor.base()? })
}
