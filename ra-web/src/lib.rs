//! The registration web application: officers ask for certificates, others approve, everyone sees what is valid.
//!
//! What it is not: it signs nothing and holds no SQL. It meets the certificate authority in the database, through rows and jobs.
//!
//! A page is made in four steps, and a handler shows them in this order (about thirty lines):
//!
//! ```text
//! extract   Officer<C>           logged in in person, may do C, session fresh. GET pages take it directly.
//!           Visitor              anybody; public pages.
//!           Posted<Officer<C>>   every POST of a form: origin and form token checked, fields read (urlencoded or multipart).
//!           Called<Officer<C>>   every POST of a script: the same checks, token in the header x-form-token, body as bytes.
//! parse     posted.fields.text("name") / .file("name") → newtypes of ca-core; problems are collected in `Problems`
//! desk      desk::requests::submit(&officer.desk(), ..): one transaction; begins with claim_submission(nonce), ends with commit
//! page      pages::page(&RequestsPage { base, .. })  or  pages::see_other(&urls::request(&number))
//! ```
//!
//! `C` is one of the marker types in [`auth::role`] (`SubmitRequests`, `DecideRequests`, ...), so a handler that compiles has been checked.
//! Errors are [`error::Refusal`]; a handler returns `Result<Response, Refusal>` and uses `?`. The outermost layer draws the error page.
//!
//! A form in a template carries the token made by `officer.form(&urls::request_form(&profile))`:
//!
//! ```text
//! <form method="post" action="{{ form.action }}">
//!   <input type="hidden" name="form_token" value="{{ form.token }}">
//! ```
//!
//! A token is good for its own action and for the paths one level below it (so that one form may have a second button with
//! `formaction`). `posted.nonce` is the idempotency nonce of the drawn form: `claim_submission(nonce, account)` in the desk's transaction
//! answers `Done(path)` for a second submit, which then is redirected to the first result.
//!
//! Words: templates say `{{ base.t("requests-title") }}` or `{{ base.t1("requests-count", "count", n) }}`; the keys live in
//! `texts/ja/*.ftl` and `texts/en/*.ftl` (list in [`locale`]). A template sets the blocks `title`, `page_id` and `content` of `_layout.html`.
//! No inline script or style, no `style=` attribute. Values in Japanese only (names) are wrapped in `<span lang="ja">`.
//! Script hooks (see `assets/app.js`): `data-copy="element id"` on a button, `data-drop` on a textarea,
//! `data-diagnose="URL"` on a form (answers JSON `{"summary": "..", "items": [{"state": "ok|warn|error", "text": ".."}]}` when asked with
//! `Accept: application/json`; shown in the element `data-diagnosis`).

pub mod auth;
pub mod centre;
pub mod desk;
pub mod error;
pub mod explain;
pub mod locale;
pub mod pages;
pub mod router;
pub mod state;
pub mod urls;

mod assets;
mod headers;
#[cfg(test)]
mod testing;

pub use router::{Access, Method, ROUTES, RouteEntry, router};
pub use state::{Environment, RaSettings, State, StateError};
