//! A visitor to the web application who has no script: fetches pages, keeps the cookie, fills in forms as they are drawn and
//! follows where they lead. The demo and the journey tests go through the same pages as a person with this. It reads the
//! HTML this program writes, not any HTML.

use std::time::Duration;
use ureq::http::{Response, StatusCode};
use url::Url;

/// One person's browser. A clone is another tab of it: the same session, from here on with a cookie of its own.
#[derive(Clone)]
pub struct Visitor {
    agent: ureq::Agent,
    base: Url,
    cookie: Option<String>,
}

/// A page as it came.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it was found, redirects followed.
    pub url: Url,
    /// The status of the answer.
    pub status: u16,
    /// The media type.
    pub media_type: String,
    /// The octets.
    pub body: Vec<u8>,
}

/// A form on a page, ready to be filled in.
#[derive(Clone, Debug)]
pub struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

/// What is posted.
struct Posted {
    media_type: &'static str,
    octets: Vec<u8>,
}

/// Why a visit failed.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// No answer.
    #[error("{url} does not answer: {cause}")]
    NoAnswer {
        /// Where.
        url: String,
        /// Why.
        cause: Box<ureq::Error>,
    },
    /// An address that is none.
    #[error("not an address: {0}")]
    Address(String),
    /// The page has no such form.
    #[error("{url} ({status}) has no form for {action}")]
    NoForm {
        /// The page.
        url: String,
        /// Its status.
        status: u16,
        /// What was looked for.
        action: String,
    },
    /// More redirects than any page here makes.
    #[error("{0} redirects without end")]
    Redirects(String),
}

impl Visitor {
    /// A visitor to the application at `base`, who has no cookie yet.
    pub fn new(base: &Url) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Self { agent: config.into(), base: base.clone(), cookie: None }
    }

    /// Opens a page. `path` is relative to the application, or an address.
    pub fn open(&mut self, path: &str) -> Result<Page, VisitError> {
        let url = self.address(path)?;
        self.follow(url, None)
    }

    /// Sends a form as it stands.
    pub fn send(&mut self, form: &Form) -> Result<Page, VisitError> {
        let url = self.address(&form.action)?;
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
        self.follow(url, Some(Posted { media_type: "application/x-www-form-urlencoded", octets: text.into_bytes() }))
    }

    /// Sends a form with a file chosen in its field `field`.
    pub fn send_file(&mut self, form: &Form, field: &str, file: &[u8]) -> Result<Page, VisitError> {
        let url = self.address(&form.action)?;
        self.follow(url, Some(form.with_file(field, file)))
    }

    /// Posts octets, as programs do (OCSP). Redirects are not followed.
    pub fn post(&mut self, path: &str, media_type: &str, body: &[u8]) -> Result<Page, VisitError> {
        let url = self.address(path)?;
        let answer = self.agent.post(url.as_str()).content_type(media_type).send(body);
        self.page(url, answer)
    }

    fn address(&self, path: &str) -> Result<Url, VisitError> {
        self.base.join(path).map_err(|_| VisitError::Address(path.to_owned()))
    }

    fn follow(&mut self, mut url: Url, mut body: Option<Posted>) -> Result<Page, VisitError> {
        for _ in 0..5 {
            let cookie = self.cookie.clone().unwrap_or_default();
            let answer = match body.take() {
                Some(body) => {
                    let origin = self.base.origin().ascii_serialization();
                    let request = self.agent.post(url.as_str()).header("cookie", cookie).header("origin", origin);
                    request.content_type(body.media_type).send(body.octets.as_slice())
                }
                None => self.agent.get(url.as_str()).header("cookie", cookie).call(),
            };
            if let Ok(answer) = &answer {
                self.keep_cookie(answer);
                let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
                if let (true, Some(location)) = (answer.status().is_redirection(), location) {
                    url = url.join(location).map_err(|_| VisitError::Address(location.to_owned()))?;
                    continue;
                }
            }
            return self.page(url, answer);
        }
        Err(VisitError::Redirects(url.into()))
    }

    fn keep_cookie(&mut self, answer: &Response<ureq::Body>) {
        for set in answer.headers().get_all("set-cookie") {
            if let Some((pair, _)) = set.to_str().ok().map(|text| text.split_once(';').unwrap_or((text, ""))) {
                self.cookie = Some(pair.to_owned());
            }
        }
    }

    fn page(&self, url: Url, answer: Result<Response<ureq::Body>, ureq::Error>) -> Result<Page, VisitError> {
        let failed = |cause| VisitError::NoAnswer { url: url.to_string(), cause: Box::new(cause) };
        let mut answer = answer.map_err(failed)?;
        let media_type = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default().to_owned();
        let body = answer.body_mut().with_config().limit(64 << 20).read_to_vec().map_err(failed)?;
        Ok(Page { url, status: answer.status().as_u16(), media_type, body })
    }
}

impl Page {
    /// The page as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether the answer was 200.
    pub fn is_ok(&self) -> bool {
        self.status == StatusCode::OK.as_u16()
    }

    /// The first sentence of the summary of problems, where the page has one.
    pub fn first_problem(&self) -> Option<String> {
        let html = self.text();
        let (_, summary) = html.split_once("role=\"alert\"")?;
        let (_, item) = summary.split_once("<li>")?;
        let sentence = item.split("</li>").next()?;
        let plain: String =
            sentence.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
        Some(unescaped(plain.trim()))
    }

    /// The form whose action ends with `action`, as drawn: hidden and filled fields, chosen options. Errors: none is there.
    pub fn form(&self, action: &str) -> Result<Form, VisitError> {
        let html = self.text();
        let found = html.split("<form").skip(1).find_map(|rest| {
            let (opening, inside) = rest.split_once('>')?;
            let target = attribute(opening, "action").unwrap_or_else(|| self.url.path().to_owned());
            let inside = inside.split("</form>").next().unwrap_or(inside);
            target.ends_with(action).then(|| Form { action: target, fields: fields_in(inside) })
        });
        let missing =
            || VisitError::NoForm { url: self.url.to_string(), status: self.status, action: action.to_owned() };
        found.ok_or_else(missing)
    }
}

impl Form {
    /// The form with `name` filled in, as a person types it; other values of that name are gone.
    #[must_use]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(other, _)| other != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What stands in a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The form with a file in `field`, as a browser sends it (RFC 7578).
    fn with_file(&self, field: &str, file: &[u8]) -> Posted {
        // Nothing a person types or chooses here holds this line.
        const CUT: &str = "----lgpki-a-visitor-with-a-file";
        let mut octets = Vec::with_capacity(file.len());
        for (name, value) in &self.fields {
            let part = format!("--{CUT}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            octets.extend_from_slice(part.as_bytes());
        }
        let head = "Content-Type: application/octet-stream\r\n\r\n";
        let part =
            format!("--{CUT}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"chosen\"\r\n{head}");
        octets.extend_from_slice(part.as_bytes());
        octets.extend_from_slice(file);
        octets.extend_from_slice(format!("\r\n--{CUT}--\r\n").as_bytes());
        Posted { media_type: "multipart/form-data; boundary=----lgpki-a-visitor-with-a-file", octets }
    }

    /// Where it goes.
    pub fn action(&self) -> &str {
        &self.action
    }
}

/// Names and values of what a browser would send: inputs but unchecked boxes, text areas, selected options. Buttons are
/// filled in by whoever presses them.
fn fields_in(html: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for rest in html.split('<').skip(1) {
        let (tag, after) = rest.split_once('>').unwrap_or((rest, ""));
        let Some(name) = attribute(tag, "name") else { continue };
        if tag.starts_with("input") {
            let kind = attribute(tag, "type").unwrap_or_default();
            let chosen = !matches!(kind.as_str(), "radio" | "checkbox")
                || tag.split_whitespace().any(|w| w == "checked" || w == "checked/");
            if chosen && !matches!(kind.as_str(), "file" | "submit" | "button") {
                fields.push((name, attribute(tag, "value").unwrap_or_default()));
            }
        } else if tag.starts_with("textarea") {
            fields.push((name, unescaped(after.strip_prefix('\n').unwrap_or(after))));
        }
    }
    fields
}

/// The value of an attribute in an opening tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = format!(" {name}=\"");
    let tag = tag.replace('\n', " ");
    let (_, rest) = tag.split_once(&start)?;
    rest.split('"').next().map(unescaped)
}

/// Text without the character references askama writes (`&#NN;`) and the five named ones.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let Some((reference, behind)) = after.split_once(';').filter(|(reference, _)| reference.len() < 8) else {
            plain.push('&');
            rest = after;
            continue;
        };
        let named = [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\'')];
        let numbered = reference.strip_prefix('#').and_then(|n| n.parse().ok()).and_then(char::from_u32);
        let known = named.iter().find(|(name, _)| *name == reference).map(|(_, c)| *c).or(numbered);
        plain.extend(known);
        rest = behind;
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_problem_is_read_as_a_person_reads_it() {
        let html = r##"<div role="alert"><h2>2</h2><ul><li><a href="#csr">used &#60;before&#62;</a></li><li>b</li></ul></div>"##;
        let url = Url::parse("http://127.0.0.1/").unwrap();
        let page =
            |body: &str| Page { url: url.clone(), status: 422, media_type: "text/html".into(), body: body.into() };
        assert_eq!(page(html).first_problem().as_deref(), Some("used <before>"));
        assert_eq!(page("<p>fine</p>").first_problem(), None);
    }

    #[test]
    fn a_form_is_read_as_a_browser_would_send_it() {
        let html = r#"<form method="post" action="/other"></form><form method="post"
            action="/requests/new/web-server"><input type="hidden" name="form_token" value="a&#38;b">
            <input type="radio" name="way" value="no"><input type="radio" name="way" value="yes" checked>
            <textarea id="x" name="csr" rows="3">
first &lt;line&gt;</textarea><input type="file" name="up"><button name="step" value="go">Go</button></form>"#;
        let url = Url::parse("http://127.0.0.1/").unwrap();
        let page = Page { url, status: 200, media_type: "text/html".into(), body: html.into() };
        let form = page.form("/requests/new/web-server").unwrap().fill("step", "go");
        assert_eq!(form.value("form_token"), Some("a&b"));
        assert_eq!(form.value("way"), Some("yes"));
        assert_eq!(form.value("csr"), Some("first <line>"));
        assert_eq!((form.value("up"), form.value("step")), (None, Some("go")));
        assert!(matches!(page.form("/nowhere"), Err(VisitError::NoForm { .. })));
    }
}
