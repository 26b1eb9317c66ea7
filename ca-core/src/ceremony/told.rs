//! What the acts of a script are called, and what people are told of them.

use super::Act;
use crate::profile::Text;

impl Act {
    /// What is done, in a word of the script.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::MakeKey { .. } => "make-key",
            Self::Certificate { .. } => "certificate",
            Self::Responder { .. } => "responder",
            Self::Cross { .. } => "cross-certificate",
            Self::Link { .. } => "link-certificate",
            Self::Crl { .. } => "crl",
            Self::Revoke { .. } => "revoke",
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
            Self::Certificate { authority, generation, key } => (
                format!("{authority} (第{generation}世代) の証明書を鍵 {key} に発行します"),
                format!("issue the certificate of {authority}, generation {generation}, for the key {key}"),
            ),
            Self::Responder { authority, key } => (
                format!("{authority} のOCSPレスポンダ証明書を鍵 {key} に発行します"),
                format!("issue the certificate of the OCSP responder of {authority} for the key {key}"),
            ),
            Self::Cross { authority, profile, .. } => (
                format!("{authority} が相互認証証明書 ({profile}) を発行します"),
                format!("{authority} issues the cross-certificate {profile}"),
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
