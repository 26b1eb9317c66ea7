//! Who judges what comes out of a journey: OpenSSL, GnuTLS and rustls-webpki on chain and CRLs, OpenSSL on OCSP over HTTP,
//! rcgen on the octets. None of them shares code with this program. They are shown what the service hands out, and nothing
//! from the database.

use ca_core::certificate::Certificate;
use ca_core::key::KeyAlgorithm;
use ca_core::oid;
use lgpki::visitor::Visitor;
use lgpki_tests::program::Installation;
use lgpki_tests::tools::{Scratch, certtool, openssl, text};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::path::{Path, PathBuf};
use url::Url;

/// What everybody should find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Valid for its server.
    Good,
    /// Revoked.
    Revoked,
}

/// A certificate as its holder downloaded it.
pub(crate) struct Taken {
    /// The server.
    pub(crate) host: String,
    /// Read by us.
    pub(crate) certificate: Certificate,
    /// The file in PEM.
    pub(crate) pem: PathBuf,
    /// The file with its chain, in PEM.
    pub(crate) chain: PathBuf,
}

/// The judges' bench: what is public about the authorities, in files.
pub(crate) struct Bench {
    pub(crate) scratch: Scratch,
    public: Visitor,
    pages: Url,
    root: Certificate,
    issuing: Certificate,
    root_pem: PathBuf,
    issuing_pem: PathBuf,
    both_pem: PathBuf,
}

impl Bench {
    /// Fetches the certificates of the authorities.
    pub(crate) fn at(installation: &Installation) -> Self {
        let mut public = installation.visitor();
        let mut authority = |name: &str| {
            let page = public.open(&format!("/aia/{name}.cer")).unwrap();
            Certificate::from_der(&page.body).unwrap()
        };
        let (root, issuing) = (authority("root"), authority("application-ca"));
        let scratch = Scratch::new("judges");
        let root_pem = scratch.file("root.pem", root.to_pem());
        let issuing_pem = scratch.file("issuing.pem", issuing.to_pem());
        let both_pem = scratch.file("both.pem", format!("{}{}", root.to_pem(), issuing.to_pem()));
        let pages = installation.pages.clone();
        Self { scratch, public, pages, root, issuing, root_pem, issuing_pem, both_pem }
    }

    /// Asks all of them.
    pub(crate) fn judge(&mut self, taken: &Taken, standing: Standing) {
        let crls = ["root", "application-ca"].map(|name| self.public.open(&format!("/crl/{name}.crl")).unwrap().body);
        let crls_pem = self.crls_pem(&crls);
        self.openssl(taken, &crls_pem, standing);
        self.gnutls(taken, &crls_pem, standing);
        self.webpki(taken, &crls, standing);
        self.ocsp(taken, standing);
        self.rcgen(&taken.certificate);
    }

    fn crls_pem(&self, crls: &[Vec<u8>]) -> PathBuf {
        let mut pem = Vec::new();
        for crl in crls {
            let der = self.scratch.file("one.crl", crl);
            pem.extend(openssl("crl -inform DER -in {} -outform PEM", &[&der]).stdout);
        }
        self.scratch.file("crls.pem", pem)
    }

    fn openssl(&self, taken: &Taken, crls: &Path, standing: Standing) {
        let line = format!(
            "verify -x509_strict -purpose sslserver -verify_hostname {} -crl_check_all -CAfile {{}} -untrusted {{}} \
             -CRLfile {{}} {{}}",
            taken.host
        );
        let said = openssl(&line, &[&self.root_pem, &taken.chain, crls, &taken.pem]);
        match standing {
            Standing::Good => assert!(said.status.success(), "OpenSSL: {}", text(&said)),
            Standing::Revoked => {
                assert!(!said.status.success() && text(&said).contains("certificate revoked"), "{}", text(&said));
            }
        }
    }

    fn gnutls(&self, taken: &Taken, crls: &Path, standing: Standing) {
        let line = format!(
            "--verify --verify-hostname={} --verify-purpose=1.3.6.1.5.5.7.3.1 --load-ca-certificate {{}} \
             --load-crl {{}} --infile {{}}",
            taken.host
        );
        let said = certtool(&line, &[&self.root_pem, crls, &taken.chain]);
        match standing {
            Standing::Good => assert!(said.status.success(), "GnuTLS: {}", text(&said)),
            Standing::Revoked => {
                assert!(!said.status.success() && text(&said).contains("revoked"), "GnuTLS: {}", text(&said));
            }
        }
    }

    fn webpki(&self, taken: &Taken, crls: &[Vec<u8>], standing: Standing) {
        let root = CertificateDer::from(self.root.der());
        let anchors = [webpki::anchor_from_trusted_cert(&root).unwrap()];
        let between = [CertificateDer::from(self.issuing.der())];
        let leaf = CertificateDer::from(taken.certificate.der());
        let leaf = webpki::EndEntityCert::try_from(&leaf).unwrap();
        let crls: Vec<webpki::CertRevocationList<'_>> =
            crls.iter().map(|crl| webpki::BorrowedCertRevocationList::from_der(crl).unwrap().into()).collect();
        let crls: Vec<&webpki::CertRevocationList<'_>> = crls.iter().collect();
        let revocation = webpki::RevocationOptionsBuilder::new(&crls)
            .unwrap()
            .with_depth(webpki::RevocationCheckDepth::Chain)
            .with_status_policy(webpki::UnknownStatusPolicy::Deny)
            .with_expiration_policy(webpki::ExpirationPolicy::Enforce)
            .build();
        let verified = leaf.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            &between,
            UnixTime::now(),
            webpki::KeyUsage::server_auth(),
            Some(revocation),
            None,
        );
        let verdict = verified.map(|_| ());
        match standing {
            Standing::Good => assert_eq!(verdict, Ok(())),
            Standing::Revoked => assert_eq!(verdict, Err(webpki::Error::CertRevoked)),
        }
        let name = |host: &str| ServerName::try_from(host.to_owned()).unwrap();
        assert_eq!(leaf.verify_is_valid_for_subject_name(&name(&taken.host)), Ok(()));
        assert!(leaf.verify_is_valid_for_subject_name(&name("elsewhere.example")).is_err());
    }

    /// OpenSSL asks the running responder: POST by itself, GET with the request it made; each digest, with and without nonce.
    fn ocsp(&mut self, taken: &Taken, standing: Standing) {
        let expected = match standing {
            Standing::Good => ".pem: good",
            Standing::Revoked => ".pem: revoked",
        };
        let url = format!("http://127.0.0.1:{}/ocsp/application-ca", self.pages.port().unwrap());
        for (digest, nonce) in [("", "-no_nonce"), ("", "-nonce"), ("-sha256", "-no_nonce"), ("-sha256", "-nonce")] {
            let about = format!("ocsp {digest} -issuer {{}} -cert {{}}");
            let believed = |said: &str, way: &str| {
                let all = said.contains("Response verify OK") && said.contains(expected) && !said.contains("WARNING");
                assert!(all, "OpenSSL by {way}, {digest} {nonce}: {said}");
            };
            let posted = openssl(
                &format!("{about} {nonce} -url {url} -CAfile {{}}"),
                &[&self.issuing_pem, &taken.pem, &self.both_pem],
            );
            believed(&text(&posted), "POST");

            let question = self.scratch.path().join("question.der");
            let made = openssl(&format!("{about} {nonce} -reqout {{}}"), &[&self.issuing_pem, &taken.pem, &question]);
            assert!(made.status.success(), "{}", text(&made));
            let encoded =
                base64::Engine::encode(&base64::engine::general_purpose::STANDARD, std::fs::read(&question).unwrap());
            let encoded = encoded.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
            let answer = self.public.open(&format!("/ocsp/application-ca/{encoded}")).unwrap();
            assert_eq!((answer.status, answer.media_type.as_str()), (200, "application/ocsp-response"));
            let answer = self.scratch.file("answer.der", &answer.body);
            // The question is read back with its nonce, which is compared; without -no_nonce another would be put in.
            let judged = openssl(
                &format!("{about} -no_nonce -reqin {{}} -respin {{}} -CAfile {{}}"),
                &[&self.issuing_pem, &taken.pem, &question, &answer, &self.both_pem],
            );
            believed(&text(&judged), "GET");
        }
    }

    /// rcgen writes a certificate with the same facts, signed with a key of its own. What both write, they write with the
    /// same octets, and our reader reads the same facts from both.
    fn rcgen(&self, ours: &Certificate) {
        let theirs = Certificate::from_der(&rewritten(ours, &self.issuing)).unwrap();
        assert_eq!(theirs.serial(), ours.serial());
        assert_eq!(theirs.subject().as_der(), ours.subject().as_der());
        assert_eq!(theirs.issuer().as_der(), ours.issuer().as_der());
        assert_eq!(theirs.validity(), ours.validity());
        assert_eq!(theirs.key().spki_der(), ours.key().spki_der());
        let (read, written) = (theirs.extensions(), ours.extensions());
        assert_eq!(
            (&read.dns_names, read.key_usage, &read.extended_key_usage, &read.authority_key_identifier, &read.crl_uris),
            (
                &written.dns_names,
                written.key_usage,
                &written.extended_key_usage,
                &written.authority_key_identifier,
                &written.crl_uris
            )
        );
        let (theirs, ours) = (parsed(theirs.der()), parsed(ours.der()));
        // rcgen writes no directory name into a distribution point; the addresses in it were compared above.
        for extension in
            theirs.extensions().iter().filter(|one| one.oid.as_bytes() != oid::CRL_DISTRIBUTION_POINTS.as_bytes())
        {
            let same = ours.extensions().iter().find(|other| other.oid == extension.oid);
            let same = same.unwrap_or_else(|| panic!("rcgen writes {}, we do not", extension.oid));
            assert_eq!((same.critical, same.value), (extension.critical, extension.value), "{}", extension.oid);
        }
        assert_eq!(theirs.extensions().len(), 5);
    }
}

fn parsed(der: &[u8]) -> x509_parser::certificate::X509Certificate<'_> {
    x509_parser::parse_x509_certificate(der).unwrap().1
}

/// The public key of a certificate, for rcgen.
struct HolderKey {
    content: Vec<u8>,
    algorithm: &'static rcgen::SignatureAlgorithm,
}

impl rcgen::PublicKeyData for HolderKey {
    fn der_bytes(&self) -> &[u8] {
        &self.content
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.algorithm
    }
}

/// What rcgen makes of the same facts.
fn rewritten(ours: &Certificate, issuing: &Certificate) -> Vec<u8> {
    use rcgen::{CertificateParams, CrlDistributionPoint, ExtendedKeyUsagePurpose, KeyIdMethod, KeyUsagePurpose};
    let x509 = parsed(ours.der());
    let key = ours.key().algorithm();
    let algorithm = match key {
        KeyAlgorithm::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        KeyAlgorithm::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        _ => &rcgen::PKCS_RSA_SHA256,
    };
    let holder = HolderKey { content: x509.public_key().subject_public_key.data.to_vec(), algorithm };

    let mut params = CertificateParams::new(ours.extensions().dns_names.clone()).unwrap();
    params.serial_number = Some(ours.serial().as_bytes().to_vec().into());
    params.not_before = x509.validity().not_before.to_datetime();
    params.not_after = x509.validity().not_after.to_datetime();
    params.distinguished_name = renamed(x509.subject());
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if key.is_rsa() {
        params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    }
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.crl_distribution_points = vec![CrlDistributionPoint { uris: ours.extensions().crl_uris.clone() }];

    let mut issuer = CertificateParams::default();
    issuer.distinguished_name = renamed(x509.issuer());
    issuer.key_identifier_method = KeyIdMethod::PreSpecified(issuing.key_identifier().to_vec());
    let issuer = rcgen::Issuer::new(issuer, rcgen::KeyPair::generate().unwrap());
    params.signed_by(&holder, &issuer).unwrap().der().to_vec()
}

/// A name in rcgen's words, with the same kinds of strings.
fn renamed(name: &x509_parser::x509::X509Name<'_>) -> rcgen::DistinguishedName {
    let mut renamed = rcgen::DistinguishedName::new();
    for attribute in name.iter_attributes() {
        let kind = rcgen::DnType::from_oid(&attribute.attr_type().iter().unwrap().collect::<Vec<u64>>());
        let value = attribute.as_str().unwrap();
        let printable = attribute.attr_value().tag() == x509_parser::der_parser::asn1_rs::Tag::PrintableString;
        let value = if printable {
            rcgen::DnValue::PrintableString(value.try_into().unwrap())
        } else {
            rcgen::DnValue::Utf8String(value.to_owned())
        };
        renamed.push(kind, value);
    }
    renamed
}
