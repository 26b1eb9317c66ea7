//! What the acts of a script are called, and what people are told of them.

use super::{Act, CertifiedKey, CrossedKey, Sent};
use crate::profile::Text;

impl Act {
    /// What is done, in a word of the script.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::MakeKey { .. } => "make-key",
            Self::ShareSecret { .. } => "share-secret",
            Self::Certificate { .. } => "certificate",
            Self::Responder { .. } => "responder",
            Self::Cross { .. } => "cross-certificate",
            Self::Link { .. } => "link-certificate",
            Self::Crl { .. } => "crl",
            Self::Revoke { .. } => "revoke",
            Self::TakeRequests { .. } => "take-requests",
            Self::RevokeRequested { .. } => "revoke-requested",
            Self::Request { .. } => "request",
            Self::DestroyKey { .. } => "destroy-key",
            Self::Export { .. } => "export",
        }
    }

    /// What is done, for people: one line in Japanese and one in English.
    pub fn told(&self) -> Text {
        let (ja, en) = match self {
            Self::MakeKey { key, kind, store } => (
                format!("鍵 {key} ({kind}) を {store} に生成します"),
                format!("make the key {key} ({kind}) in {store}"),
            ),
            Self::ShareSecret { store, least, custodians } => (
                format!("{store} を開く秘密を {} 人に分け、{least} 人が揃えば開くようにします", custodians.len()),
                format!(
                    "share what opens {store} among {} custodians, of whom {least} must come together",
                    custodians.len()
                ),
            ),
            Self::Certificate { authority, generation, key } => (
                format!("{authority} (第{generation}世代) の証明書を{}に発行します", key.told().ja),
                format!("issue the certificate of {authority}, generation {generation}, for {}", key.told().en),
            ),
            Self::Responder { authority, key } => (
                format!("{authority} のOCSPレスポンダ証明書を鍵 {key} に発行します"),
                format!("issue the certificate of the OCSP responder of {authority} for the key {key}"),
            ),
            Self::Cross { authority, profile, of } => (
                format!("{authority} が{}に相互認証証明書 ({profile}) を発行します", of.told().ja),
                format!("{authority} issues the cross-certificate {profile} for {}", of.told().en),
            ),
            Self::Link { authority, of, profile } => (
                format!("{authority} が {of} の鍵にリンク証明書 ({profile}) を発行します"),
                format!("{authority} issues the link certificate {profile} for the key of {of}"),
            ),
            Self::Crl { authority } => {
                (format!("{authority} の失効一覧に署名します"), format!("sign the next CRL of {authority}"))
            }
            Self::Revoke { authority, serial, reason } => (
                format!("{authority} の証明書 {serial} を失効させます ({})", reason.as_str()),
                format!("revoke the certificate {serial} of {authority} ({})", reason.as_str()),
            ),
            Self::TakeRequests { file, .. } => (
                format!("署名付きの束 {file} から申請を取り出します"),
                format!("take the requests out of the signed bundle {file}"),
            ),
            Self::RevokeRequested { authority, request } => (
                format!("{authority} の証明書のうち {request} に記載のものを失効させます"),
                format!("revoke the certificates of {authority} that {request} names"),
            ),
            Self::Request { authority } => (
                format!("{authority} の鍵で証明書署名要求を作成します"),
                format!("make a request with the key of {authority}"),
            ),
            Self::DestroyKey { key } => {
                (format!("鍵 {key} を廃棄します (元に戻せません)"), format!("destroy the key {key}, for good"))
            }
            Self::Export { bundle } => (
                format!("これまでの成果物を署名付きの束 {bundle} に書き出します"),
                format!("write everything made so far into the signed bundle {bundle}"),
            ),
        };
        Text { ja, en }
    }
}

impl CertifiedKey {
    fn told(&self) -> Text {
        match self {
            Self::Here(key) => Text { ja: format!("鍵 {key} "), en: format!("the key {key}") },
            Self::Sent(sent) => sent.told(),
        }
    }
}

impl CrossedKey {
    fn told(&self) -> Text {
        match self {
            Self::Authority(id) => Text { ja: format!("{id} の鍵"), en: format!("the key of {id}") },
            Self::Sent(sent) => sent.told(),
        }
    }
}

impl Sent {
    fn told(&self) -> Text {
        let (ja, en) = match self {
            Self::File { file, .. } => (format!("申請 {file} の鍵"), format!("the key of the request {file}")),
            Self::InBundle(request) => {
                (format!("束の申請 {request} の鍵"), format!("the key of the request {request} of the bundle"))
            }
        };
        Text { ja, en }
    }
}
