//! Who is asking: the extractors every handler begins with. See `lib.rs` for how they are used.

pub mod csrf;
pub mod passkey;
pub mod password;
pub mod role;
pub mod session;
pub mod vouch;

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use ca_core::audit::Actor;
use ca_core::id::ProfileId;
use store::accounts::Account;
use store::organisations::Organisation;
use store::sessions::Session;

use crate::desk::Desk;
use crate::error::Refusal;
use crate::locale::{Language, Words};
use crate::pages::{Base, Person};
use crate::router::{Method, ROUTES};
use crate::state::State;
use role::Needs;

pub use csrf::{Called, Fields, FormNonce, FormToken, Posted};

/// Anybody: perhaps logged in, perhaps with a session that has no account yet, perhaps with nothing.
pub struct Visitor {
    /// The state of the service.
    pub ra: State,
    /// The live session, if the browser sent one.
    pub session: Option<Session>,
    /// The person logged in, if any.
    pub person: Option<(Account, Organisation)>,
    /// The language chosen.
    pub language: Language,
    path: String,
}

/// A person logged in, whose role has the capability `C`, with a live session.
pub struct Officer<C: Needs> {
    /// The state of the service.
    pub ra: State,
    /// The live session.
    pub session: Session,
    /// The person.
    pub account: Account,
    /// The person's organisation.
    pub organisation: Organisation,
    /// The language chosen.
    pub language: Language,
    path: String,
    capability: PhantomData<C>,
}

/// Someone who can post a form: has a session whose secret signs form tokens.
pub trait FormOwner: FromRequestParts<State, Rejection = Refusal> + Send {
    /// The state of the service.
    fn ra(&self) -> &State;
    /// The session; none means no form can have been drawn for this browser.
    fn session(&self) -> Option<&Session>;
}

impl Visitor {
    /// The words in the visitor's language.
    pub fn words(&self) -> Words {
        Words::new(self.ra.texts().clone(), self.language)
    }

    /// What the layout needs. Draws the log-out form's token when the visitor is logged in.
    pub fn base(&self) -> Result<Base, Refusal> {
        let logout = match (&self.person, &self.session) {
            (Some(_), Some(session)) => Some(csrf::token(&self.ra, session, &crate::urls::logout())?),
            _ => None,
        };
        let person = self.person.as_ref().map(|(account, organisation)| Person::of(account, organisation));
        Ok(Base::new(&self.ra, self.words(), &self.path, person, logout))
    }
}

impl<C: Needs> Officer<C> {
    /// The words in the officer's language.
    pub fn words(&self) -> Words {
        Words::new(self.ra.texts().clone(), self.language)
    }

    /// What the layout needs.
    pub fn base(&self) -> Result<Base, Refusal> {
        let logout = csrf::token(&self.ra, &self.session, &crate::urls::logout())?;
        let person = Person::of(&self.account, &self.organisation);
        Ok(Base::new(&self.ra, self.words(), &self.path, Some(person), Some(logout)))
    }

    /// A fresh token for a form that posts to `action`, with a new idempotency nonce.
    pub fn form(&self, action: &str) -> Result<FormToken, Refusal> {
        csrf::token(&self.ra, &self.session, action)
    }

    /// Who acts, for write transactions: `ra.store().write(ra.now(), officer.actor())`.
    pub fn actor(&self) -> Actor {
        Actor::Person(self.account.account_id.clone())
    }

    /// The desk with this officer sitting at it, now.
    pub fn desk(&self) -> Desk<'_> {
        Desk {
            store: self.ra.store(),
            entropy: self.ra.entropy(),
            now: self.ra.now(),
            packs: &self.ra.settings().packs,
            centre: self.ra.settings().centre.as_ref().filter(|centre| centre.is_open()),
            account: &self.account,
            organisation: &self.organisation,
        }
    }

    /// The title of a profile in the officer's language; its name, where no pack has it any more.
    pub fn title(&self, profile: &ProfileId) -> String {
        let found = self.ra.settings().packs.profile(profile);
        found.map_or_else(|| profile.to_string(), |(_, profile)| self.words().of(&profile.title).to_owned())
    }

    /// True when the officer's role also has another capability (to show or hide a button).
    pub fn may(&self, capability: role::Capability) -> bool {
        role::may(self.account.role, capability)
    }
}

impl FromRequestParts<State> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, ra: &State) -> Result<Self, Refusal> {
        let found = session::find(ra, &parts.headers).await?;
        let (session, person) = match found {
            Some(found) => (Some(found.session), found.person),
            None => (None, None),
        };
        let language = crate::pages::language::chosen(&parts.headers);
        Ok(Self { ra: ra.clone(), session, person, language, path: local_path(parts) })
    }
}

impl<C: Needs> FromRequestParts<State> for Officer<C> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, ra: &State) -> Result<Self, Refusal> {
        let Visitor { ra, session, person, language, path } = Visitor::from_request_parts(parts, ra).await?;
        let (Some(session), Some((account, organisation))) = (session, person) else {
            return Err(Refusal::LogInFirst { path });
        };
        if !role::may(account.role, C::CAPABILITY) {
            return Err(Refusal::NotAllowed(C::CAPABILITY));
        }
        Ok(Self { ra, session, account, organisation, language, path, capability: PhantomData })
    }
}

impl FormOwner for Visitor {
    fn ra(&self) -> &State {
        &self.ra
    }

    fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }
}

impl<C: Needs> FormOwner for Officer<C> {
    fn ra(&self) -> &State {
        &self.ra
    }

    fn session(&self) -> Option<&Session> {
        Some(&self.session)
    }
}

/// The page to come back to after the language is switched or after log-in: path and query of a GET; of a POST its path if that can
/// be read too, else the path above it.
fn local_path(parts: &Parts) -> String {
    let path = parts.uri.path();
    if parts.method == axum::http::Method::GET {
        return parts.uri.path_and_query().map_or(path, |whole| whole.as_str()).to_owned();
    }
    let readable = parts.extensions.get::<MatchedPath>().is_some_and(|matched| {
        ROUTES.iter().any(|route| route.method == Method::Get && route.path == matched.as_str())
    });
    let above = path.rsplit_once('/').map_or("", |(above, _)| above);
    if readable { path.to_owned() } else { above.to_owned() }
}
