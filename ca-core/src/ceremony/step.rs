//! One step of a script: which keys its act has, and what they say.

use super::file;
use super::read::{FOLDER, Wrong, word, wrong};
use super::{Act, CertifiedKey, CrossedKey, Person, Role, Sent, Step, Token};
use crate::id::{AuthorityId, KeyLabel, ProfileId};
use crate::kana::KanaWords;
use crate::key::KeyAlgorithm;
use crate::revocation::RevocationReason;
use crate::serial::SerialNumber;
use toml::Spanned;

/// What steps may name.
pub(super) struct Known<'a> {
    pub(super) people: &'a [Person],
    pub(super) tokens: &'a [Token],
}

impl Known<'_> {
    /// The step; what is wrong beside its act is kept. Errors: what is wrong with its act.
    pub(super) fn step(
        &self,
        at: &Spanned<file::Step>,
        keep: &mut impl FnMut(Result<(), Wrong>),
    ) -> Result<Step, Wrong> {
        let raw = at.get_ref();
        keep(word(&raw.id));
        for person in std::iter::once(&raw.by).chain(&raw.witnesses) {
            if !self.people.iter().any(|one| one.id == *person.get_ref()) {
                keep(Err(wrong(person, format!("nobody is called {}: add [person.{0}]", person.get_ref()))));
            }
        }
        if let Some(same) = raw.witnesses.iter().find(|witness| witness.get_ref() == raw.by.get_ref()) {
            keep(Err(wrong(same, "who acts is no witness of it")));
        }
        if raw.see.get_ref().trim().is_empty() {
            keep(Err(wrong(&raw.see, "say what must be seen")));
        }
        Ok(Step {
            id: raw.id.get_ref().clone(),
            by: raw.by.get_ref().clone(),
            witnesses: raw.witnesses.iter().map(|witness| witness.get_ref().clone()).collect(),
            see: raw.see.get_ref().clone(),
            act: self.act(at)?,
        })
    }

    fn act(&self, at: &Spanned<file::Step>) -> Result<Act, Wrong> {
        let raw = at.get_ref();
        let word = raw.act.get_ref().as_str();
        let Some((_, keys)) = ACTS.iter().find(|(known, _)| *known == word) else {
            let known = ACTS.map(|(known, _)| known).join(", ");
            return Err(wrong(&raw.act, format!("`{word}` is no act; there are: {known}")));
        };
        if let Some((extra, place)) = given(raw).into_iter().find(|(name, _)| !keys.contains(name)) {
            return Err(Wrong { offset: place, reason: format!("{word} has no {extra}") });
        }
        let authority = || id(raw, &raw.authority, "authority", AuthorityId::parse);
        let key = || id(raw, &raw.key, "key", KeyLabel::parse);
        Ok(match word {
            "make-key" => Act::MakeKey { key: key()?, kind: kind(raw)?, store: self.store(raw)? },
            "share-secret" => self.shared(raw)?,
            "certificate" => {
                let generation = raw.generation.as_ref().map_or(1, |number| *number.get_ref());
                Act::Certificate { authority: authority()?, generation: generation.max(1), key: certified(raw)? }
            }
            "responder" => Act::Responder { authority: authority()?, key: key()? },
            "cross-certificate" => {
                let profile = id(raw, &raw.profile, "profile", ProfileId::parse)?;
                Act::Cross { authority: authority()?, profile, of: crossed(raw)? }
            }
            "link-certificate" => Act::Link {
                authority: authority()?,
                of: id(raw, &raw.of, "of", AuthorityId::parse)?,
                profile: id(raw, &raw.profile, "profile", ProfileId::parse)?,
            },
            "crl" => Act::Crl { authority: authority()? },
            "revoke" => revoked(raw, authority()?)?,
            "take-requests" => {
                let (file, words) = (needed(raw, &raw.file, "file")?, needed(raw, &raw.words, "words")?);
                Act::TakeRequests { file: file.get_ref().clone(), words: kana(words)? }
            }
            "revoke-requested" => {
                let request = needed(raw, &raw.request, "request")?.get_ref().clone();
                Act::RevokeRequested { authority: authority()?, request }
            }
            "request" => Act::Request { authority: authority()? },
            "destroy-key" => Act::DestroyKey { key: key()? },
            _ => {
                let bundle = needed(raw, &raw.bundle, "bundle")?;
                KeyLabel::parse(bundle.get_ref().trim_end_matches(".bundle"))
                    .map_err(|_| wrong(bundle, "a bundle is a file of the ceremony's folder: a word and .bundle"))?;
                Act::Export { bundle: bundle.get_ref().clone() }
            }
        })
    }

    fn shared(&self, raw: &file::Step) -> Result<Act, Wrong> {
        let missing = |name: &str| wrong(&raw.act, format!("share-secret needs {name}"));
        let least = raw.least.as_ref().ok_or_else(|| missing("least"))?;
        let custodians = raw.custodians.as_ref().ok_or_else(|| missing("custodians"))?;
        let mut ids: Vec<String> = Vec::new();
        for custodian in custodians.get_ref() {
            let id = custodian.get_ref();
            if !self.people.iter().any(|one| one.id == *id && one.role == Role::Custodian) {
                return Err(wrong(custodian, format!("no custodian is called {id}: add [person.{id}] with that role")));
            }
            if ids.contains(id) {
                return Err(wrong(custodian, "a custodian has one share"));
            }
            ids.push(id.clone());
        }
        let (number, most) = (usize::from(*least.get_ref()), MOST_CUSTODIANS.min(ids.len()));
        if !(2..=most).contains(&number) || ids.len() > MOST_CUSTODIANS {
            let all = ids.len();
            return Err(wrong(
                least,
                format!("{number} of {all}: at least two come together, of at most {MOST_CUSTODIANS}"),
            ));
        }
        Ok(Act::ShareSecret { store: self.store(raw)?, least: *least.get_ref(), custodians: ids })
    }

    fn store(&self, raw: &file::Step) -> Result<String, Wrong> {
        let store = needed(raw, &raw.store, "store")?;
        let name = store.get_ref();
        if name == FOLDER || self.tokens.iter().any(|token| token.name == *name) {
            return Ok(name.clone());
        }
        Err(wrong(store, format!("there is no key store {name}: `folder`, or one of the sections [token.NAME]")))
    }
}

/// More than anybody can keep count of.
const MOST_CUSTODIANS: usize = 16;

/// The acts with the keys they have.
const ACTS: [(&str, &[&str]); 13] = [
    ("share-secret", &["store", "least", "custodians"]),
    ("make-key", &["key", "kind", "store"]),
    ("certificate", &["authority", "generation", "key", "file", "words", "request"]),
    ("responder", &["authority", "key"]),
    ("cross-certificate", &["authority", "profile", "of", "file", "words", "request"]),
    ("link-certificate", &["authority", "of", "profile"]),
    ("crl", &["authority"]),
    ("revoke", &["authority", "serial", "reason"]),
    ("take-requests", &["file", "words"]),
    ("revoke-requested", &["authority", "request"]),
    ("request", &["authority"]),
    ("destroy-key", &["key"]),
    ("export", &["bundle"]),
];

/// The keys of a step that not every act has, with their places.
fn given(raw: &file::Step) -> Vec<(&'static str, usize)> {
    let texts = [
        ("key", &raw.key),
        ("kind", &raw.kind),
        ("store", &raw.store),
        ("authority", &raw.authority),
        ("profile", &raw.profile),
        ("of", &raw.of),
        ("file", &raw.file),
        ("words", &raw.words),
        ("request", &raw.request),
        ("serial", &raw.serial),
        ("reason", &raw.reason),
        ("bundle", &raw.bundle),
    ];
    let texts = texts.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?.span().start)));
    let texts = texts.chain(raw.least.as_ref().map(|number| ("least", number.span().start)));
    let texts = texts.chain(raw.custodians.as_ref().map(|all| ("custodians", all.span().start)));
    texts.chain(raw.generation.as_ref().map(|number| ("generation", number.span().start))).collect()
}

fn needed<'a>(raw: &file::Step, text: &'a Option<Spanned<String>>, name: &str) -> Result<&'a Spanned<String>, Wrong> {
    text.as_ref().ok_or_else(|| wrong(&raw.act, format!("{} needs {name}", raw.act.get_ref())))
}

fn id<T>(
    raw: &file::Step,
    text: &Option<Spanned<String>>,
    name: &str,
    parse: impl Fn(&str) -> Result<T, crate::id::IdError>,
) -> Result<T, Wrong> {
    let text = needed(raw, text, name)?;
    parse(text.get_ref()).map_err(|error| wrong(text, format!("{name}: {error}")))
}

fn kind(raw: &file::Step) -> Result<KeyAlgorithm, Wrong> {
    let kind = needed(raw, &raw.kind, "kind")?;
    let known = || KeyAlgorithm::MADE_HERE.map(|kind| kind.to_string()).join(", ");
    let unknown = || wrong(kind, format!("`{}` is no kind of key; there are: {}", kind.get_ref(), known()));
    KeyAlgorithm::parse(kind.get_ref()).ok_or_else(unknown)
}

fn revoked(raw: &file::Step, authority: AuthorityId) -> Result<Act, Wrong> {
    let (serial, reason) = (needed(raw, &raw.serial, "serial")?, needed(raw, &raw.reason, "reason")?);
    let number = SerialNumber::parse_hex(serial.get_ref()).map_err(|error| wrong(serial, error.to_string()))?;
    let known = RevocationReason::parse(reason.get_ref());
    let reason = known.ok_or_else(|| {
        wrong(reason, format!("`{}` is no reason (RFC 5280 §5.3.1), as keyCompromise is", reason.get_ref()))
    })?;
    Ok(Act::Revoke { authority, serial: number, reason })
}

fn crossed(raw: &file::Step) -> Result<CrossedKey, Wrong> {
    let Some(of) = &raw.of else {
        let advice = "say `of`, an authority of this ceremony; `file` with the `words` of its sender; or `request`";
        return sent(raw)?.map(CrossedKey::Sent).ok_or_else(|| wrong(&raw.act, advice));
    };
    if sent(raw)?.is_some() {
        return Err(wrong(of, "a key is an authority's of this ceremony or somebody else's, not both"));
    }
    AuthorityId::parse(of.get_ref()).map(CrossedKey::Authority).map_err(|error| wrong(of, error.to_string()))
}

fn certified(raw: &file::Step) -> Result<CertifiedKey, Wrong> {
    let Some(key) = &raw.key else {
        let advice = "say `key`, `file` with the `words` of its sender, or `request`";
        return sent(raw)?.map(CertifiedKey::Sent).ok_or_else(|| wrong(&raw.act, advice));
    };
    if sent(raw)?.is_some() {
        return Err(wrong(key, "a key is one of this ceremony or somebody else's, not both"));
    }
    KeyLabel::parse(key.get_ref()).map(CertifiedKey::Here).map_err(|error| wrong(key, format!("key: {error}")))
}

fn sent(raw: &file::Step) -> Result<Option<Sent>, Wrong> {
    match (&raw.file, &raw.words, &raw.request) {
        (None, None, None) => Ok(None),
        (Some(file), Some(words), None) => Ok(Some(Sent::File { file: file.get_ref().clone(), words: kana(words)? })),
        (None, None, Some(request)) => Ok(Some(Sent::InBundle(request.get_ref().clone()))),
        _ => Err(wrong(&raw.act, "say `file` with the `words` of its sender, or `request`, out of a bundle")),
    }
}

fn kana(words: &Spanned<String>) -> Result<KanaWords, Wrong> {
    KanaWords::parse(words.get_ref()).map_err(|error| wrong(words, error.to_string()))
}
