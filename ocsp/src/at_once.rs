//! Answers that need not be waited for, as they go over the wire: no request and no response is made of them in between.
//! [`crate::http`] says the same in the same words, for everything.

use ca_core::id::AuthorityId;
use ca_core::time::Timestamp;
use percent_encoding::percent_decode_str;

use crate::edge::Edge;
use crate::http::{Answers, MEDIA_TYPE, ROOT, as_posted, names};
use crate::request::OcspRequest;
use crate::responder::{Answer, Responder};

/// A question as it came by HTTP/1.1.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The path, percent-encoded.
    pub path: &'a str,
    /// What a POST carries; `None` of a GET.
    pub body: Option<&'a [u8]>,
    /// The header If-None-Match.
    pub if_none_match: Option<&'a [u8]>,
}

impl Responder {
    /// Appends the whole HTTP/1.1 response to `out` where memory has the answer, without waiting for anything. `false`, and
    /// nothing: [`router`](crate::router) knows.
    pub fn respond_at_once(&self, asked: &Asked<'_>, out: &mut Vec<u8>) -> bool {
        respond(self, asked, out)
    }
}

impl Edge {
    /// Appends the whole HTTP/1.1 response to `out` where the bundle has the answer. `false`, and nothing:
    /// [`router`](crate::edge::router) knows.
    pub fn respond_at_once(&self, asked: &Asked<'_>, out: &mut Vec<u8>) -> bool {
        respond(self, asked, out)
    }
}

fn respond(responder: &impl Answers, asked: &Asked<'_>, out: &mut Vec<u8>) -> bool {
    let now = responder.now();
    let Some(moment) = responder.moment(now) else { return false };
    // A path tells its authority; a body does not, and comes after the path.
    let whole;
    let question = match asked.body {
        None => asked.path.as_bytes(),
        Some(body) => {
            whole = [asked.path.as_bytes(), b"\0", body].concat();
            &whole
        }
    };
    if asked.if_none_match.is_none() && responder.hot().again(question, moment, out) {
        return true;
    }
    let Some((answer, for_all)) = found_at_once(responder, asked, now) else { return false };
    let begin = out.len();
    write_response(&answer, asked.if_none_match, now, out);
    if for_all && asked.if_none_match.is_none() {
        responder.hot().remember(question, moment, out.get(begin..).unwrap_or_default());
    }
    true
}

/// The answer, and whether everybody gets the same.
fn found_at_once(responder: &impl Answers, asked: &Asked<'_>, now: Timestamp) -> Option<(Answer, bool)> {
    let path = asked.path.strip_prefix(ROOT)?;
    let (authority, question) = match asked.body {
        Some(body) => (path, OcspRequest::parse(body).ok()?),
        None => {
            let (authority, question) = path.split_once('/')?;
            (authority, OcspRequest::parse_path(&percent_decode_str(question).decode_utf8().ok()?).ok()?)
        }
    };
    let answer = responder.at_once(&AuthorityId::parse(authority).ok()?, &question, now)?;
    Some((if asked.body.is_some() { as_posted(answer) } else { answer }, question.nonce().is_none()))
}

/// Appends the response as it goes over the wire.
fn write_response(answer: &Answer, if_none_match: Option<&[u8]>, now: Timestamp, out: &mut Vec<u8>) {
    let tag = answer.tag();
    let unchanged = if_none_match.zip(tag.as_deref()).is_some_and(|(wanted, tag)| names(wanted, tag.as_bytes()));
    let status = if unchanged { "304 Not Modified" } else { "200 OK" };
    out.reserve(answer.der.len().saturating_add(512));
    let mut put = |parts: &[&str]| parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
    put(&["HTTP/1.1 ", status, "\r\ndate: ", &now.http_date()]);
    answer.describe(tag.as_deref(), |name, value| put(&["\r\n", name.as_str(), ": ", value]));
    if unchanged {
        return put(&["\r\n\r\n"]);
    }
    put(&["\r\ncontent-type: ", MEDIA_TYPE, "\r\ncontent-length: ", &answer.der.len().to_string(), "\r\n\r\n"]);
    out.extend_from_slice(&answer.der);
}
