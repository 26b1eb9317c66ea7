//! Pages: what the layout needs ([`Base`]), and how a template becomes an answer. One module per URL, mirrored by `templates/`.

pub mod approvals;
pub mod ca;
pub mod campaigns;
pub mod certificates;
pub(crate) mod dates;
pub mod entry;
pub mod form;
pub(crate) mod hexadecimal;
pub mod home;
pub mod language;
pub mod login;
pub mod me;
pub mod requests;
pub(crate) mod steps;

use askama::Template;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use store::accounts::{Account, Role};
use store::organisations::Organisation;

use crate::auth::FormToken;
use crate::auth::role::{self, Capability};
use crate::auth::session;
use crate::error::Refusal;
use crate::locale::{Message, Words};
use crate::state::{Environment, State};
use crate::urls;

/// Who is logged in, as the header shows it.
#[derive(Clone, Debug)]
pub struct Person {
    /// The organisation's name, Japanese.
    pub organisation: String,
    /// The person's name, Japanese.
    pub name: String,
    /// The role.
    pub role: Role,
}

/// An entry of the navigation.
#[derive(Clone, Debug)]
pub struct NavItem {
    /// Where it leads.
    pub href: String,
    /// The label, in the page's language.
    pub label: String,
    /// True on the pages below it.
    pub current: bool,
}

/// What `_layout.html` needs. Every page struct has a field `base`.
pub struct Base {
    words: Words,
    environment: Environment,
    path: String,
    css: String,
    js: String,
    icon: String,
    /// Who is logged in.
    pub person: Option<Person>,
    /// The navigation of that person's role; empty for strangers.
    pub nav: Vec<NavItem>,
    /// The log-out form.
    pub logout: Option<FormToken>,
}

impl Person {
    /// What the header shows of an account.
    pub fn of(account: &Account, organisation: &Organisation) -> Self {
        Self { organisation: organisation.name.clone(), name: account.name.clone(), role: account.role }
    }

    /// The text key of the role.
    pub fn role_key(&self) -> &'static str {
        match self.role {
            Role::Officer => "role-officer",
            Role::Manager => "role-manager",
            Role::RaOperator => "role-ra-operator",
            Role::Auditor => "role-auditor",
        }
    }
}

impl Base {
    /// Made by `Visitor::base` and `Officer::base`.
    pub(crate) fn new(ra: &State, words: Words, path: &str, person: Option<Person>, logout: Option<FormToken>) -> Self {
        let nav = person.as_ref().map(|person| navigation(&words, person.role, path)).unwrap_or_default();
        let (css, js, icon) = (ra.assets().stylesheet(), ra.assets().script(), ra.assets().icon());
        let environment = ra.settings().environment;
        Self { words, environment, path: path.to_owned(), css, js, icon, person, nav, logout }
    }

    /// The text of a key.
    pub fn t(&self, key: &str) -> String {
        self.words.t(key)
    }

    /// The text of a key with one argument.
    pub fn t1(&self, key: &str, name: &'static str, value: impl ToString) -> String {
        self.words.t1(key, name, &value.to_string())
    }

    /// The text of a message.
    pub fn say(&self, message: &Message) -> String {
        self.words.say(message)
    }

    /// The value of the `lang` attribute.
    pub fn lang(&self) -> &'static str {
        self.words.language().tag()
    }

    /// True when the page is drawn in English; for layout only, never for words.
    pub fn is_english(&self) -> bool {
        self.lang() == "en"
    }

    /// The path to come back to after the language is switched.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The hashed address of the stylesheet.
    pub fn css(&self) -> &str {
        &self.css
    }

    /// The hashed address of the script.
    pub fn js(&self) -> &str {
        &self.js
    }

    /// The hashed address of the icon.
    pub fn icon(&self) -> &str {
        &self.icon
    }

    /// After how many idle seconds a script offers to stay logged in: two minutes before the session ends (WCAG 2.2.1).
    pub fn idle_warning_seconds(&self) -> u64 {
        session::IDLE.as_secs().saturating_sub(120)
    }

    /// The text key of the environment's name.
    pub fn environment_key(&self) -> &'static str {
        match self.environment {
            Environment::Production => "environment-production",
            Environment::Training => "environment-training",
            Environment::Demo => "environment-demo",
        }
    }

    /// The suffix of the environment badge's class.
    pub fn environment_class(&self) -> &'static str {
        match self.environment {
            Environment::Production => "production",
            Environment::Training => "training",
            Environment::Demo => "demo",
        }
    }
}

/// The page of a refusal.
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    pub(crate) base: Base,
    pub(crate) title: &'static str,
    pub(crate) sentence: &'static str,
    pub(crate) reference: String,
}

/// Draws a page with status 200.
pub fn page(template: &impl Template) -> Result<Response, Refusal> {
    page_with(StatusCode::OK, template)
}

/// Draws a page with another status (422 for a form with problems, 409 for a stale one).
pub fn page_with(status: StatusCode, template: &impl Template) -> Result<Response, Refusal> {
    let html = template.render()?;
    let mut response = (status, Body::from(html)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Ok(response)
}

/// Answers a script.
pub fn json(status: StatusCode, value: &serde_json::Value) -> Response {
    let mut response = (status, Body::from(value.to_string())).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Redirects after a POST (303), so that a reload does not post again. `path` comes from `urls`.
pub fn see_other(path: &str) -> Response {
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
}

fn navigation(words: &Words, role: Role, path: &str) -> Vec<NavItem> {
    let entries = [
        (Capability::OwnAccount, urls::home(), "nav-home"),
        (Capability::DecideRequests, urls::approvals(), "nav-approvals"),
        (Capability::SeeRequests, urls::requests(), "nav-requests"),
        (Capability::SeeCertificates, urls::certificates(), "nav-certificates"),
        (Capability::SeeCampaigns, urls::campaigns(), "nav-campaigns"),
        (Capability::OwnAccount, urls::me(), "nav-me"),
    ];
    let page = path.split('?').next().unwrap_or("");
    entries
        .into_iter()
        .filter(|(capability, _, _)| role::may(role, *capability))
        .map(|(_, href, key)| {
            let current = page == href || page.strip_prefix(href.as_str()).is_some_and(|rest| rest.starts_with('/'));
            NavItem { label: words.t(key), href, current }
        })
        .collect()
}
