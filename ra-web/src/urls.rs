//! Every link of the application. Templates and redirects take their addresses from here.

use ca_core::id::{AuthorityId, CampaignId, PasskeyId, ProfileId, RequestNumber};
use ca_core::revocation::ListId;
use ca_core::serial::SerialNumber;

macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident => $path:literal),* $(,)?) => {$(
        $(#[$doc])*
        pub fn $name() -> String {
            $path.to_owned()
        }
    )*};
}

fixed! {
    /// The public entry.
    entry => "/",
    /// CA certificates and CRLs, public.
    authorities => "/ca",
    /// The log-in form.
    login => "/login",
    /// The base of the two script calls of a passkey log-in; form tokens for them are made for this path.
    login_passkey => "/login/passkey",
    /// Logs out (POST).
    logout => "/logout",
    /// Switches the language (POST).
    language => "/language",
    /// The officer's home.
    home => "/home",
    /// The officer's own page.
    me => "/me",
    /// The base of the two script calls that add a passkey.
    passkeys => "/me/passkeys",
    /// The list of requests.
    requests => "/requests",
    /// Choosing what to ask for.
    requests_new => "/requests/new",
    /// The approval box.
    approvals => "/approvals",
    /// The list of certificates.
    certificates => "/certificates",
    /// The moves to new cryptography.
    campaigns => "/campaigns",
}

/// One move to new cryptography.
pub fn campaign(campaign: &CampaignId) -> String {
    format!("/campaigns/{campaign}")
}

/// Removes a passkey (POST).
pub fn passkey_remove(id: &PasskeyId) -> String {
    format!("/me/passkeys/{id}/remove")
}

/// The form that asks for a certificate of that profile.
pub fn request_form(profile: &ProfileId) -> String {
    format!("/requests/new/{profile}")
}

/// The same form with what that certificate says.
pub fn request_form_like(profile: &ProfileId, authority: &AuthorityId, serial: &SerialNumber) -> String {
    format!("/requests/new/{profile}?like={authority}/{}", serial.to_hex())
}

/// What that form looks like so far, in words (POST; JSON for scripts).
pub fn request_diagnose(profile: &ProfileId) -> String {
    format!("/requests/new/{profile}/diagnose")
}

/// One request.
pub fn request(number: &RequestNumber) -> String {
    format!("/requests/{number}")
}

/// Handing over the key of a request; the bases of its two steps are one level below.
pub fn delivery(number: &RequestNumber) -> String {
    format!("/requests/{number}/delivery")
}

/// Downloading that key's file, by the link's token.
pub fn delivery_fetch(number: &RequestNumber, token: &str) -> String {
    format!("/requests/{number}/delivery/{token}")
}

/// One certificate.
pub fn certificate(authority: &AuthorityId, serial: &SerialNumber) -> String {
    format!("/certificates/{authority}/{}", serial.to_hex())
}

/// A certificate as a file; `form` is one of `pem`, `der`, `p7b`, `chain`.
pub fn certificate_download(authority: &AuthorityId, serial: &SerialNumber, form: &str) -> String {
    format!("/certificates/{authority}/{}/download/{form}", serial.to_hex())
}

/// Revoking a certificate.
pub fn certificate_revoke(authority: &AuthorityId, serial: &SerialNumber) -> String {
    format!("/certificates/{authority}/{}/revoke", serial.to_hex())
}

/// Suspending a certificate, or lifting its suspension.
pub fn certificate_suspension(authority: &AuthorityId, serial: &SerialNumber) -> String {
    format!("/certificates/{authority}/{}/suspension", serial.to_hex())
}

/// Where a certificate's revocation can be seen.
pub fn certificate_reach(authority: &AuthorityId, serial: &SerialNumber) -> String {
    format!("/certificates/{authority}/{}/reach", serial.to_hex())
}

/// The link certificate for the key of `subject`, issued by `by`, in the repository.
pub fn published_link(repository: &str, subject: &AuthorityId, by: &AuthorityId) -> String {
    format!("{repository}/aia/{subject}.by-{by}.cer")
}

/// An authority's certificate in the repository; `extension` is one of `pem`, `cer`, `p7c`.
pub fn published_certificate(repository: &str, authority: &AuthorityId, extension: &str) -> String {
    format!("{repository}/aia/{authority}.{extension}")
}

/// An authority's revocation list in the repository.
pub fn published_crl(repository: &str, authority: &AuthorityId, list: ListId) -> String {
    format!("{repository}/crl/{}", list.path(authority))
}

/// Returns `path` if it is a page of this application one may be sent back to, else `None`: no address of another site, no script,
/// nothing but the known beginnings and plain characters.
pub fn return_target(path: &str) -> Option<&str> {
    const PAGES: &[&str] =
        &["/", "/ca", "/login", "/home", "/me", "/requests", "/approvals", "/certificates", "/campaigns"];
    let page = path.split('?').next().unwrap_or("");
    let known = PAGES.iter().any(|known| {
        page == *known || (*known != "/" && page.strip_prefix(known).is_some_and(|rest| rest.starts_with('/')))
    });
    let plain = path.len() <= 512
        && !path.contains("//")
        && path.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"/-_.~?=&%+".contains(&octet));
    (known && plain).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::return_target;

    #[test]
    fn return_target_is_a_page_of_this_application_only() {
        for good in
            ["/", "/home", "/requests/R8-000123", "/certificates?q=town&state=valid", "/ca", "/requests?q=%E7%99%BD"]
        {
            assert_eq!(return_target(good), Some(good));
        }
        for bad in [
            "//evil.example",
            "https://evil.example",
            "/logout",
            "/home/../x\r\n",
            "/unknown",
            "",
            "/home\\x",
            "/homeless",
            "/login//x",
        ] {
            assert_eq!(return_target(bad), None, "{bad}");
        }
    }
}
