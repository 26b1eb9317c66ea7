//! Why a request was refused: two readers, two texts. The person sees a fixed sentence and a reference number, the log the rest.
//!
//! A handler returns a [`Refusal`]; the outermost layer ([`dress`]) draws its page in the person's language and logs it once.

use std::error::Error;

use axum::extract::{self, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ca_core::digest::hex;
use ca_core::entropy::EntropyUnavailable;
use store::StoreError;

use crate::auth::role::Capability;
use crate::desk::DeskError;
use crate::locale::Words;
use crate::pages::{self, Base};
use crate::state::State;
use crate::urls;

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Nobody is logged in: the browser is sent to the log-in page and may come back to `path`.
    #[error("log-in needed")]
    LogInFirst {
        /// Where the person wanted to go.
        path: String,
    },
    /// There is no such page or thing, or it belongs to another organisation.
    #[error("not found")]
    NotFound,
    /// The role lacks the capability. Looks like [`Refusal::NotFound`] from outside.
    #[error("the role lacks {0:?}")]
    NotAllowed(Capability),
    /// The form's token is missing, old or of another session.
    #[error("form token refused")]
    FormExpired,
    /// Another site caused the POST.
    #[error("cross-site post refused")]
    ForeignOrigin,
    /// The body is not a form this page drew; says which part.
    #[error("malformed form: {0}")]
    BadForm(&'static str),
    /// The body is over the limit.
    #[error("body too large")]
    TooLarge,
    /// Someone else changed the thing first.
    #[error("stale: {0}")]
    Stale(String),
    /// The database did not answer; nothing was changed.
    #[error("database unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The database did not say whether the change was made.
    #[error("outcome unknown")]
    OutcomeUnknown(#[source] Box<dyn Error + Send + Sync>),
    /// A fault of this program or its surroundings.
    #[error("internal error")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
    /// A handler panicked.
    #[error("a handler panicked")]
    Panicked,
}

impl Refusal {
    /// A fault that is nobody's but ours.
    pub fn internal(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(error))
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::LogInFirst { .. } => StatusCode::SEE_OTHER,
            Self::NotFound | Self::NotAllowed(_) => StatusCode::NOT_FOUND,
            Self::FormExpired | Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::BadForm(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Stale(_) => StatusCode::CONFLICT,
            Self::Unavailable(_) | Self::OutcomeUnknown(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) | Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { .. } => Self::NotFound,
            StoreError::Stale { .. } => Self::Stale(error.to_string()),
            StoreError::OutcomeUnknown(_) => Self::OutcomeUnknown(Box::new(error)),
            StoreError::Unavailable(_) => Self::Unavailable(Box::new(error)),
            // A conflict that a form field can explain was taken out by the desk before it came here.
            _ => Self::Internal(Box::new(error)),
        }
    }
}

impl From<DeskError> for Refusal {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::NotFound => Self::NotFound,
            DeskError::Store(error) => error.into(),
            DeskError::Entropy(error) => error.into(),
            DeskError::Centre(_) | DeskError::Unreadable { .. } => Self::internal(error),
        }
    }
}

impl From<EntropyUnavailable> for Refusal {
    fn from(error: EntropyUnavailable) -> Self {
        Self::internal(error)
    }
}

impl From<askama::Error> for Refusal {
    fn from(error: askama::Error) -> Self {
        Self::internal(error)
    }
}

/// Carries a refusal through the layers to [`dress`].
#[derive(Clone)]
struct Undressed(std::sync::Arc<Refusal>);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Undressed(std::sync::Arc::new(self)));
        response
    }
}

/// The outermost layer: turns a [`Refusal`] into a page (or JSON for a script), with a reference number, and logs it once.
pub async fn dress(extract::State(ra): extract::State<State>, request: Request, next: Next) -> Response {
    let language = pages::language::chosen(request.headers());
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let wants_json = request
        .headers()
        .get(axum::http::header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.starts_with("application/json"));
    let mut response = next.run(request).await;
    let Some(Undressed(refusal)) = response.extensions_mut().remove::<Undressed>() else {
        return response;
    };
    let words = Words::new(ra.texts().clone(), language);
    if let Refusal::LogInFirst { path } = refusal.as_ref() {
        return if wants_json {
            pages::json(StatusCode::UNAUTHORIZED, &serde_json::json!({ "error": words.t("error-log-in-first") }))
        } else {
            pages::see_other(&login_and_back(path, &method))
        };
    }
    let reference = reference(&ra);
    log(&refusal, &reference, method.as_str());
    let (key, title) = sentence(&refusal);
    if wants_json {
        let error = words.t1(key, "reference", &reference);
        return pages::json(refusal.status(), &serde_json::json!({ "error": error, "reference": reference }));
    }
    let base = Base::new(&ra, words, &path, None, None);
    let page = pages::ErrorPage { base, title, sentence: key, reference };
    pages::page_with(refusal.status(), &page).unwrap_or_else(|_| refusal.status().into_response())
}

/// What `tower_http::catch_panic` answers with; the panic's message stays in the log.
pub fn caught(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("(not text)");
    tracing::error!(message, "a handler panicked");
    Refusal::Panicked.into_response()
}

/// The log-in page, which leads back to `path`. After a form was sent it says that what was typed is lost.
fn login_and_back(path: &str, method: &Method) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(target) = urls::return_target(path).filter(|target| *target != "/home") {
        query.append_pair("next", target);
    }
    if method == Method::POST {
        query.append_pair("lost", "form");
    }
    let query = query.finish();
    if query.is_empty() { urls::login() } else { format!("{}?{query}", urls::login()) }
}

fn reference(ra: &State) -> String {
    let mut octets = [0_u8; 4];
    match ra.entropy().fill(&mut octets) {
        Ok(()) => hex(&octets).to_uppercase(),
        Err(EntropyUnavailable) => "00000000".to_owned(),
    }
}

/// The text key of the sentence, and of the title.
fn sentence(refusal: &Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::LogInFirst { .. } => ("error-log-in-first", "error-title-log-in-first"),
        Refusal::NotFound | Refusal::NotAllowed(_) => ("error-not-found", "error-title-not-found"),
        Refusal::FormExpired => ("error-form-expired", "error-title-form-expired"),
        Refusal::ForeignOrigin => ("error-foreign-origin", "error-title-foreign-origin"),
        Refusal::BadForm(_) => ("error-bad-form", "error-title-bad-form"),
        Refusal::TooLarge => ("error-too-large", "error-title-too-large"),
        Refusal::Stale(_) => ("error-stale", "error-title-stale"),
        Refusal::Unavailable(_) => ("error-unavailable", "error-title-unavailable"),
        Refusal::OutcomeUnknown(_) => ("error-outcome-unknown", "error-title-outcome-unknown"),
        Refusal::Internal(_) | Refusal::Panicked => ("error-internal", "error-title-internal"),
    }
}

fn log(refusal: &Refusal, reference: &str, method: &str) {
    let mut causes = String::new();
    let mut cause = refusal.source();
    while let Some(error) = cause {
        causes.push_str(": ");
        causes.push_str(&error.to_string());
        cause = error.source();
    }
    let status = refusal.status().as_u16();
    if refusal.status().is_server_error() {
        tracing::error!(reference, method, status, "{refusal}{causes}");
    } else {
        tracing::info!(reference, method, status, "{refusal}{causes}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestRa;
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use tower::ServiceExt;

    async fn boom() -> Response {
        panic!("secret detail")
    }

    async fn answer(accept: &'static str) -> (StatusCode, String) {
        let ra = TestRa::new().await;
        let router: Router = Router::new()
            .route("/boom", get(boom))
            .layer(tower_http::catch_panic::CatchPanicLayer::custom(caught))
            .layer(axum::middleware::from_fn_with_state(ra.state.clone(), dress))
            .with_state(ra.state.clone());
        let request = Request::get("/boom").header("accept", accept).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn panic_becomes_a_page_with_a_reference_and_no_detail() {
        let (status, text) = answer("text/html").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(text.contains("お問い合わせ番号") && !text.contains("secret detail"), "{text}");
    }

    #[tokio::test]
    async fn script_gets_json() {
        let (status, text) = answer("application/json").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["reference"].as_str().unwrap().len(), 8);
    }
}
