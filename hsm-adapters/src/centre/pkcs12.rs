//! The file a holder takes away: key, certificate and chain in a PKCS#12 (RFC 7292) under a PIN.
//!
//! Sealed with PBES2: PBKDF2-HMAC-SHA256 and AES-256-CBC for key and certificates, HMAC-SHA256 for the whole. Before it
//! leaves, the file is read back with its PIN and compared. The library keeps no secret beyond the call, but does not wipe
//! its own buffers: the memory of a process that makes such files is as secret as the files.

use ca_core::certificate::{Certificate, CertificateError};
use p12_keystore::{
    EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, Pkcs12Archive, PrivateKey, PrivateKeyChain,
};

use super::Pin;
use crate::Passphrase;
use crate::holder::HolderKey;
use zeroize::Zeroizing;

/// Rounds of the key derivation, for key, certificates and code alike: ten times what Java writes. The PIN alone has 66
/// bits, so the rounds need not rescue it, and whoever reads the file derives three times: slow machines must not seem to
/// hang.
const ROUNDS: u32 = 100_000;

/// Rounds of [`Pkcs12Form::Legacy`]: small old devices take long for each.
const LEGACY_ROUNDS: u32 = 10_000;

/// U+3013, the mark printers set where a character is missing from the type case.
const GETA: char = '〓';

/// What goes into the file.
pub struct Pkcs12Contents<'a> {
    /// The holder's key.
    pub key: &'a HolderKey,
    /// The holder's certificate, DER.
    pub certificate: &'a [u8],
    /// The certificates above it, DER, the issuer's first.
    pub chain: &'a [Vec<u8>],
    /// What stores show for it; characters outside the Basic Multilingual Plane (𠮷), which the format cannot hold, become 〓.
    pub friendly_name: &'a str,
}

/// How the file is sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pkcs12Form {
    /// PBES2 with AES-256 and SHA-256: everything since about 2018.
    #[default]
    Modern,
    /// Triple DES and SHA-1, for old devices that read nothing else; only where the configuration allows it. The PIN still protects.
    Legacy,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum Pkcs12Error {
    /// A certificate that is none; 0 is the holder's, 1 the issuer's, and so on.
    #[error("certificate {index} of the chain cannot be read: {source}")]
    Certificate {
        /// Which.
        index: usize,
        /// What is wrong with it.
        source: CertificateError,
    },
    /// The certificate is for another key.
    #[error("the certificate is not for this key")]
    OtherKey,
    /// The library refused.
    #[error("the PKCS#12 could not be made: {0}")]
    NotMade(#[from] p12_keystore::error::Error),
    /// Read back, it is not what went in.
    #[error("the PKCS#12 was made, but reading it back gives something else")]
    NotTheSame,
}

/// Seals `contents` with `pin` and gives the file's octets (`.p12`), having read them back. Takes a few tenths of
/// a second of one core: call from a blocking thread. Salts and initialisation vectors come from the library, seeded by
/// the system.
///
/// # Errors
/// [`Pkcs12Error`].
pub fn seal_pkcs12(contents: &Pkcs12Contents<'_>, pin: &Pin, form: Pkcs12Form) -> Result<Vec<u8>, Pkcs12Error> {
    let certificates: Vec<&[u8]> =
        std::iter::once(contents.certificate).chain(contents.chain.iter().map(Vec::as_slice)).collect();
    let subject = strictly_read(&certificates)?;
    if subject.key() != contents.key.public() {
        return Err(Pkcs12Error::OtherKey);
    }
    let key_id = contents.key.public().key_identifier();
    let chain = certificates.iter().map(|der| p12_keystore::Certificate::from_der(der)).collect::<Result<Vec<_>, _>>();
    let key = PrivateKey::from_der(contents.key.pkcs8_der())?;
    let mut store = KeyStore::new();
    store.add_entry(
        &writable(contents.friendly_name),
        KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(key_id.as_slice(), key, chain?)),
    );
    let (encryption, mac, rounds) = match form {
        Pkcs12Form::Modern => (EncryptionAlgorithm::PbeWithHmacSha256AndAes256, MacAlgorithm::HmacSha256, ROUNDS),
        Pkcs12Form::Legacy => {
            (EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc, MacAlgorithm::HmacSha1, LEGACY_ROUNDS)
        }
    };
    let file = store
        .writer(pin.digits())
        .encryption_algorithm(encryption)
        .encryption_iterations(rounds)
        .mac_algorithm(mac)
        .mac_iterations(rounds)
        .write()?;
    // From here the file exists, and nobody has it: what cannot be read back is not delivered.
    read_back(&file, pin, contents.key, &certificates)?;
    Ok(file)
}

/// Reads every certificate as strictly as the engine does; the first.
fn strictly_read(certificates: &[&[u8]]) -> Result<Certificate, Pkcs12Error> {
    let read = |(index, der): (usize, &&[u8])| {
        Certificate::from_der(der).map_err(|source| Pkcs12Error::Certificate { index, source })
    };
    let all = certificates.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    all.into_iter().next().ok_or(Pkcs12Error::OtherKey)
}

/// A friendly name the format can hold: its BMPString has 16 bits a character.
fn writable(name: &str) -> String {
    name.chars().map(|letter| if u32::from(letter) > 0xffff { GETA } else { letter }).collect()
}

/// A private key of a PKCS#12.
pub struct OpenedKey {
    /// PKCS#8 in DER.
    pub pkcs8: Zeroizing<Vec<u8>>,
    /// The localKeyId beside it.
    pub id: Option<Vec<u8>>,
}

/// What is in a PKCS#12.
pub struct OpenedPkcs12 {
    /// Its private keys.
    pub keys: Vec<OpenedKey>,
    /// Its certificates: DER, and the localKeyId beside each, in the order of the file.
    pub certificates: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// How many other secrets it holds.
    pub secrets: usize,
}

/// Opens a PKCS#12 with its PIN. Meant for files made here: a foreign one may ask for more rounds than anybody would wait for.
///
/// # Errors
/// [`Pkcs12Error::NotMade`]: it is no PKCS#12, or the PIN is another.
pub fn open_pkcs12(file: &[u8], pin: &Pin) -> Result<OpenedPkcs12, Pkcs12Error> {
    opened(file, pin.digits())
}

/// Opens a PKCS#12 that was made elsewhere, with its passphrase. Whoever made it chose the rounds of its derivation.
///
/// # Errors
/// [`Pkcs12Error::NotMade`]: it is no PKCS#12, or the passphrase is another or no text.
pub fn open_foreign_pkcs12(file: &[u8], passphrase: &Passphrase) -> Result<OpenedPkcs12, Pkcs12Error> {
    opened(file, std::str::from_utf8(passphrase.as_bytes()).unwrap_or_default())
}

fn opened(file: &[u8], secret: &str) -> Result<OpenedPkcs12, Pkcs12Error> {
    let Pkcs12Archive { keys, certs, secrets } = Pkcs12Archive::from_pkcs12(file, secret)?;
    let keys = keys.iter().map(|bag| {
        let id = bag.local_key_id.as_ref().map(|id| id.as_ref().to_vec());
        OpenedKey { pkcs8: Zeroizing::new(bag.key.as_der().to_vec()), id }
    });
    let certificates =
        certs.iter().map(|bag| (bag.cert.as_der().to_vec(), bag.local_key_id.as_deref().map(<[u8]>::to_vec)));
    Ok(OpenedPkcs12 { keys: keys.collect(), certificates: certificates.collect(), secrets: secrets.len() })
}

fn read_back(file: &[u8], pin: &Pin, key: &HolderKey, certificates: &[&[u8]]) -> Result<(), Pkcs12Error> {
    let OpenedPkcs12 { keys, certificates: read, secrets } = open_pkcs12(file, pin)?;
    let key_id = key.public().key_identifier();
    let is_marked = |id: &Option<Vec<u8>>| id.as_deref() == Some(key_id.as_slice());
    let same_key = matches!(keys.as_slice(), [one] if one.pkcs8.as_slice() == key.pkcs8_der() && is_marked(&one.id));
    let same_chain = read.iter().map(|(der, _)| der.as_slice()).eq(certificates.iter().copied());
    let marked = read.first().is_some_and(|(_, id)| is_marked(id));
    if same_key && same_chain && marked && secrets == 0 { Ok(()) } else { Err(Pkcs12Error::NotTheSame) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::holder::file::create_plain;
    use crate::soft::testing::ScratchDir;
    use ca_core::key::KeyAlgorithm;
    use std::path::Path;
    use std::process::{Command, Output};

    const PIN: &str = "01234567890123456789";

    /// A holder with a certificate and its issuer's, made by OpenSSL.
    struct Holder {
        dir: ScratchDir,
        key: HolderKey,
        certificate: Vec<u8>,
        chain: Vec<Vec<u8>>,
    }

    impl Holder {
        fn new(name: &str, algorithm: KeyAlgorithm) -> Self {
            let dir = ScratchDir::new(&format!("pkcs12-{name}"));
            let key = HolderKey::generate(algorithm).ok().unwrap();
            create_plain(&dir.path().join("key.pem"), &key).unwrap();
            create_plain(&dir.path().join("ca.pem"), &HolderKey::generate(KeyAlgorithm::P256).ok().unwrap()).unwrap();
            let openssl = |line: &str| ran(Command::new("openssl").args(line.split(' ')), dir.path());
            openssl("req -x509 -new -key ca.pem -subj /C=JP/O=白樺町/CN=CA -days 2 -utf8 -outform DER -out ca.der");
            openssl("x509 -inform DER -in ca.der -out ca.crt");
            openssl(
                "req -x509 -new -key key.pem -CA ca.crt -CAkey ca.pem -subj /C=JP/O=白樺町/CN=町長 -days 1 -utf8 \
                 -outform DER -out own.der",
            );
            let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
            let (certificate, chain) = (read("own.der"), vec![read("ca.der")]);
            Self { dir, key, certificate, chain }
        }

        fn contents(&self) -> Pkcs12Contents<'_> {
            let Self { key, certificate, chain, .. } = self;
            Pkcs12Contents { key, certificate, chain, friendly_name: "白樺町長 𠮷田" }
        }

        fn sealed(&self, form: Pkcs12Form) -> std::path::PathBuf {
            let file = seal_pkcs12(&self.contents(), &Pin::parse(PIN).unwrap(), form).unwrap();
            let path = self.dir.path().join("holder.p12");
            std::fs::write(&path, file).unwrap();
            path
        }
    }

    #[track_caller]
    fn ran(command: &mut Command, folder: &Path) -> Output {
        let output = command.current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn said(output: &Output) -> String {
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    }

    /// OpenSSL takes the key out again.
    fn openssl_finds_the_key(holder: &Holder, path: &Path, extra: &[&str]) {
        let mut command = Command::new("openssl");
        command.args(["pkcs12", "-nodes", "-nocerts", "-passin", &format!("pass:{PIN}"), "-in"]).arg(path).args(extra);
        std::fs::write(holder.dir.path().join("out.pem"), ran(&mut command, holder.dir.path()).stdout).unwrap();
        let public = ran(
            Command::new("openssl").args(["pkey", "-in", "out.pem", "-pubout", "-outform", "DER"]),
            holder.dir.path(),
        );
        assert_eq!(public.stdout, holder.key.public().spki_der());
    }

    #[test]
    fn openssl_and_gnutls_read_every_kind_of_key() {
        for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa2048] {
            let holder = Holder::new(&algorithm.to_string(), algorithm);
            let path = holder.sealed(Pkcs12Form::Modern);
            openssl_finds_the_key(&holder, &path, &[]);
            let info = ran(
                Command::new("openssl")
                    .args(["pkcs12", "-info", "-nokeys", "-passin", &format!("pass:{PIN}"), "-in"])
                    .arg(&path),
                holder.dir.path(),
            );
            let info = said(&info);
            assert!(info.contains("AES-256-CBC, Iteration 100000, PRF hmacWithSHA256"), "{info}");
            assert!(info.contains("MAC: sha256, Iteration 100000"), "{info}");
            assert_eq!(info.matches("BEGIN CERTIFICATE").count(), 2, "{info}");

            let gnutls = ran(
                Command::new("certtool").args(["--p12-info", "--inder", "--password", PIN, "--infile"]).arg(&path),
                holder.dir.path(),
            );
            let gnutls = said(&gnutls);
            assert!(gnutls.contains("BEGIN CERTIFICATE") && gnutls.contains("PRIVATE KEY"), "{gnutls}");
            assert!(gnutls.contains("白樺町長 〓田"), "{gnutls}");
        }
    }

    #[test]
    fn old_devices_get_triple_des_where_it_is_asked_for() {
        let holder = Holder::new("legacy", KeyAlgorithm::Rsa2048);
        let path = holder.sealed(Pkcs12Form::Legacy);
        openssl_finds_the_key(&holder, &path, &["-legacy"]);
        let info = ran(
            Command::new("openssl")
                .args(["pkcs12", "-legacy", "-info", "-nokeys", "-passin", &format!("pass:{PIN}"), "-in"])
                .arg(&path),
            holder.dir.path(),
        );
        assert!(said(&info).contains("pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 10000"), "{}", said(&info));
    }

    #[test]
    fn a_wrong_pin_opens_nothing() {
        let holder = Holder::new("wrong-pin", KeyAlgorithm::P256);
        let path = holder.sealed(Pkcs12Form::Modern);
        let output = Command::new("openssl")
            .args(["pkcs12", "-noout", "-passin", "pass:01234567890123456788", "-in"])
            .arg(&path)
            .output()
            .unwrap();
        assert!(!output.status.success());
        let read = read_back(
            &std::fs::read(&path).unwrap(),
            &Pin::parse("99999999999999999999").unwrap(),
            &holder.key,
            &[&holder.certificate, &holder.chain[0]],
        );
        assert!(matches!(read, Err(Pkcs12Error::NotMade(_))));
    }

    #[test]
    fn what_reads_back_differently_is_not_delivered() {
        let holder = Holder::new("read-back", KeyAlgorithm::P256);
        let file = std::fs::read(holder.sealed(Pkcs12Form::Modern)).unwrap();
        let pin = Pin::parse(PIN).unwrap();
        let both = [holder.certificate.as_slice(), holder.chain[0].as_slice()];
        assert!(read_back(&file, &pin, &holder.key, &both).is_ok());
        let other = HolderKey::generate(KeyAlgorithm::P256).ok().unwrap();
        for wrong in [
            read_back(&file, &pin, &other, &both),
            read_back(&file, &pin, &holder.key, &both[..1]),
            read_back(&file, &pin, &holder.key, &[both[1], both[0]]),
        ] {
            assert!(matches!(wrong, Err(Pkcs12Error::NotTheSame)));
        }
    }

    #[test]
    fn a_damaged_file_is_an_error_and_never_another_key() {
        let holder = Holder::new("p12-damaged", KeyAlgorithm::P256);
        let whole = std::fs::read(holder.sealed(Pkcs12Form::Legacy)).unwrap();
        let pin = Pin::parse(PIN).unwrap();
        let key = &open_pkcs12(&whole, &pin).ok().unwrap().keys[0].pkcs8;
        // Every octet of the outermost fields and of the code, and each 23rd between; not the rounds, which only take time.
        for at in (0..40).chain((40..whole.len() - 90).step_by(23)) {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            if let Ok(opened) = open_pkcs12(&damaged, &pin) {
                assert!(opened.keys.iter().all(|one| one.pkcs8 == *key), "octet {at}");
            }
        }
        for cut in (0..whole.len()).step_by(61) {
            assert!(open_pkcs12(&whole[..cut], &pin).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn a_certificate_for_another_key_is_refused() {
        let holder = Holder::new("other-key", KeyAlgorithm::P256);
        let pin = Pin::parse(PIN).unwrap();
        let key = HolderKey::generate(KeyAlgorithm::P256).ok().unwrap();
        let wrong = Pkcs12Contents { key: &key, ..holder.contents() };
        assert!(matches!(seal_pkcs12(&wrong, &pin, Pkcs12Form::Modern), Err(Pkcs12Error::OtherKey)));
        let chain = vec![b"no certificate".to_vec()];
        let wrong = Pkcs12Contents { chain: &chain, ..holder.contents() };
        let refused = seal_pkcs12(&wrong, &pin, Pkcs12Form::Modern);
        assert!(matches!(refused, Err(Pkcs12Error::Certificate { index: 1, .. })));
    }
}
