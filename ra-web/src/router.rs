//! Every page route on one screen, with who may use it. [`ROUTES`] says it, [`router`] does it, a test compares them.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::auth::role::Capability;
use crate::error::{self, Refusal};
use crate::pages::requests::delivery;
use crate::pages::{approvals, ca, campaigns, certificates, entry, home, language, login, me, requests};
use crate::state::State;
use crate::{assets, headers};

/// The method of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Changes; carries a form token.
    Post,
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Anybody logged in.
    Session,
    /// Those whose role has the capability.
    Capability(Capability),
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct RouteEntry {
    /// GET or POST.
    pub method: Method,
    /// The path as axum writes it, `{names}` in braces.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
}

const fn open(method: Method, path: &'static str) -> RouteEntry {
    RouteEntry { method, path, access: Access::Public }
}

const fn needs(method: Method, path: &'static str, capability: Capability) -> RouteEntry {
    RouteEntry { method, path, access: Access::Capability(capability) }
}

use self::Capability::{
    DecideRequests, OwnAccount, RevokeCertificates, SeeCampaigns, SeeCertificates, SeeRequests, SubmitRequests,
    WithdrawRequests,
};
use self::Method::{Get, Post};

/// Every route of the registration service and who may use it.
pub const ROUTES: &[RouteEntry] = &[
    open(Get, "/"),
    open(Get, "/ca"),
    open(Get, "/login"),
    open(Post, "/login"),
    open(Post, "/login/passkey/begin"),
    open(Post, "/login/passkey/finish"),
    RouteEntry { method: Post, path: "/logout", access: Access::Session },
    open(Post, "/language"),
    needs(Get, "/home", OwnAccount),
    needs(Get, "/me", OwnAccount),
    needs(Post, "/me/passkeys/begin", OwnAccount),
    needs(Post, "/me/passkeys/finish", OwnAccount),
    needs(Post, "/me/passkeys/{id}/remove", OwnAccount),
    needs(Get, "/requests", SeeRequests),
    needs(Get, "/requests/new", SubmitRequests),
    needs(Get, "/requests/new/{profile}", SubmitRequests),
    needs(Post, "/requests/new/{profile}", SubmitRequests),
    needs(Post, "/requests/new/{profile}/diagnose", SubmitRequests),
    needs(Get, "/requests/{number}", SeeRequests),
    needs(Post, "/requests/{number}/approve", DecideRequests),
    needs(Post, "/requests/{number}/return", DecideRequests),
    needs(Post, "/requests/{number}/reject", DecideRequests),
    needs(Post, "/requests/{number}/withdraw", WithdrawRequests),
    needs(Get, "/requests/{number}/delivery", SubmitRequests),
    needs(Post, "/requests/{number}/delivery/pin", SubmitRequests),
    needs(Post, "/requests/{number}/delivery/link", SubmitRequests),
    needs(Get, "/requests/{number}/delivery/{token}", SubmitRequests),
    needs(Post, "/requests/{number}/delivery/{token}", SubmitRequests),
    needs(Get, "/approvals", DecideRequests),
    needs(Get, "/certificates", SeeCertificates),
    needs(Get, "/certificates/{authority}/{serial}", SeeCertificates),
    needs(Get, "/certificates/{authority}/{serial}/download/{form}", SeeCertificates),
    needs(Get, "/certificates/{authority}/{serial}/reach", SeeCertificates),
    needs(Get, "/certificates/{authority}/{serial}/revoke", RevokeCertificates),
    needs(Post, "/certificates/{authority}/{serial}/revoke", RevokeCertificates),
    needs(Get, "/certificates/{authority}/{serial}/suspension", RevokeCertificates),
    needs(Post, "/certificates/{authority}/{serial}/suspension", RevokeCertificates),
    needs(Get, "/campaigns", SeeCampaigns),
    needs(Get, "/campaigns/{campaign}", SeeCampaigns),
    open(Get, "/assets/{name}"),
];

/// The largest body read: far more than anybody types.
const BODY_LIMIT_BYTES: usize = 1024 * 1024;
/// The same where a file may be chosen: room for one that is far over its own limit (a photograph, a manual), so that the form
/// can say so itself, at the field, with everything else that was typed. Read only from people who are logged in.
const FILE_LIMIT_BYTES: usize = 4 * 1024 * 1024;

/// The registration service, ready to be served or merged with the other roles' routers.
pub fn router(ra: State) -> Router {
    let file = DefaultBodyLimit::max(FILE_LIMIT_BYTES);
    Router::new()
        .route("/", get(entry::show))
        .route("/ca", get(ca::show))
        .route("/login", get(login::show).post(login::submit))
        .route("/login/passkey/begin", post(login::passkey_begin))
        .route("/login/passkey/finish", post(login::passkey_finish))
        .route("/logout", post(login::logout))
        .route("/language", post(language::switch))
        .route("/home", get(home::show))
        .route("/me", get(me::show))
        .route("/me/passkeys/begin", post(me::passkey_begin))
        .route("/me/passkeys/finish", post(me::passkey_finish))
        .route("/me/passkeys/{id}/remove", post(me::passkey_remove))
        .route("/requests", get(requests::list))
        .route("/requests/new", get(requests::choose))
        .route("/requests/new/{profile}", get(requests::form).post(requests::submit).layer(file))
        .route("/requests/new/{profile}/diagnose", post(requests::diagnose).layer(file))
        .route("/requests/{number}", get(requests::show))
        .route("/requests/{number}/approve", post(approvals::approve))
        .route("/requests/{number}/return", post(approvals::send_back))
        .route("/requests/{number}/reject", post(approvals::reject))
        .route("/requests/{number}/withdraw", post(requests::withdraw))
        .route("/requests/{number}/delivery", get(delivery::show))
        .route("/requests/{number}/delivery/pin", post(delivery::pin))
        .route("/requests/{number}/delivery/link", post(delivery::link))
        .route("/requests/{number}/delivery/{token}", get(delivery::ask_fetch).post(delivery::fetch))
        .route("/approvals", get(approvals::list))
        .route("/certificates", get(certificates::list))
        .route("/certificates/{authority}/{serial}", get(certificates::show))
        .route("/certificates/{authority}/{serial}/download/{form}", get(certificates::download))
        .route("/certificates/{authority}/{serial}/reach", get(certificates::show_reach))
        .route("/certificates/{authority}/{serial}/revoke", get(certificates::ask_revoke).post(certificates::revoke))
        .route(
            "/certificates/{authority}/{serial}/suspension",
            get(certificates::show_suspension).post(certificates::change_suspension),
        )
        .route("/campaigns", get(campaigns::list))
        .route("/campaigns/{campaign}", get(campaigns::show))
        .route("/assets/{name}", get(assets::serve))
        .fallback(async || Refusal::NotFound)
        .method_not_allowed_fallback(async || Refusal::NotFound)
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(CatchPanicLayer::custom(error::caught))
        .layer(from_fn_with_state(ra.clone(), error::dress))
        .layer(from_fn_with_state(ra.clone(), headers::protect))
        .with_state(ra)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::role;
    use crate::testing::{Answer, PASSWORD, TestRa};
    use axum::http::StatusCode;
    use store::accounts::Role;

    /// A path of that route which names things that do not exist.
    fn example(path: &str) -> String {
        path.replace("{id}", &"0".repeat(32))
            .replace("{profile}", "no-such-kind")
            .replace("{number}", "R8-999999")
            .replace("{authority}", "nobody-ca")
            .replace("{serial}", "01")
            .replace("{form}", "pem")
            .replace("{campaign}", "no-such-campaign")
            .replace("{token}", &"0f".repeat(32))
            .replace("{name}", "none.css")
    }

    async fn ask(ra: &mut TestRa, route: &RouteEntry) -> Answer {
        match route.method {
            Get => ra.get(&example(route.path)).await,
            Post => ra.post(&example(route.path), &[]).await,
        }
    }

    #[tokio::test]
    async fn strangers_are_sent_to_the_log_in() {
        let mut ra = TestRa::new().await;
        for route in ROUTES.iter().filter(|route| matches!(route.access, Access::Capability(_))) {
            let answer = ask(&mut ra, route).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{route:?}");
            assert!(answer.location().starts_with("/login"), "{route:?}");
        }
    }

    #[tokio::test]
    async fn every_role_reaches_its_routes_and_no_others() {
        for person in Role::ALL {
            let mut ra = TestRa::new().await;
            let code = ra.code();
            ra.log_in(person.as_str(), PASSWORD, &code).await;
            let nowhere = ra.get("/nowhere").await;
            for route in ROUTES {
                let Access::Capability(capability) = route.access else { continue };
                let answer = ask(&mut ra, route).await;
                match (role::may(person, capability), route.method) {
                    (false, _) => {
                        assert_eq!(answer.status, nowhere.status, "{person:?} {route:?}");
                        assert_eq!(title(&answer), title(&nowhere), "a missing right looks like a missing page");
                    }
                    (true, Post) => assert_eq!(answer.status, StatusCode::FORBIDDEN, "no token: {person:?} {route:?}"),
                    (true, Get) if !route.path.contains('{') => {
                        assert_eq!(answer.status, StatusCode::OK, "{person:?} {route:?}");
                    }
                    (true, Get) => assert_eq!(answer.status, StatusCode::NOT_FOUND, "{person:?} {route:?}"),
                }
            }
        }
    }

    #[tokio::test]
    async fn every_answer_carries_the_security_headers() {
        let mut ra = TestRa::new().await;
        for path in ["/", "/ca", "/login", "/home", "/nowhere", "/assets/none.css"] {
            let answer = ra.get(path).await;
            let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap());
            assert_eq!(header("content-security-policy"), Some(crate::headers::CONTENT_SECURITY), "{path}");
            assert_eq!(header("x-content-type-options"), Some("nosniff"), "{path}");
            assert_eq!(header("cache-control"), Some("no-store"), "{path}");
        }
    }

    #[tokio::test]
    async fn pages_speak_the_language_of_the_cookie_and_japanese_without_one() {
        let mut ra = TestRa::new().await;
        assert!(ra.get("/").await.text.contains("<html lang=\"ja\">"));
        let switched = ra.post("/language", &[("language", "en"), ("back", "/login")]).await;
        assert_eq!(switched.location(), "/login");
        assert!(switched.headers["set-cookie"].to_str().unwrap().starts_with("lgpki-language=en;"));
        ra.cookie = Some("lgpki-language=en".to_owned());
        assert!(ra.get("/nowhere").await.text.contains("<html lang=\"en\">"));
        let elsewhere = ra.post("/language", &[("language", "ja"), ("back", "//evil.example")]).await;
        assert_eq!(elsewhere.location(), "/");
    }

    #[tokio::test]
    async fn cross_site_post_is_refused() {
        let mut ra = TestRa::new().await;
        let request = axum::http::Request::post("/login").header("sec-fetch-site", "cross-site");
        let answer = ra.send(request, axum::body::Body::empty()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }

    fn title(answer: &Answer) -> &str {
        answer.text.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or("")
    }
}
