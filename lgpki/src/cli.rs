//! The command line. What a command does is in [`crate::commands`].

use crate::commands::{
    bench, ca, campaign, ceremony, cert, crl, csr, demo, doctor, init, key, lint, mass_revoke, ocsp, officer, org,
    pack, profile, publish, revocation, serve, vault,
};
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// A certificate authority service for local governments.
#[derive(Debug, Parser)]
#[command(name = "lgpki", version, about, arg_required_else_help = true, subcommand_required = true)]
pub struct Cli {
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE", default_value = "lgpki.toml")]
    pub config: PathBuf,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an installation: configuration, database, keys, authorities
    Init(init::Init),
    /// Run the service
    Serve(serve::Serve),
    /// Register organisations
    #[command(subcommand)]
    Org(org::Org),
    /// Register people and suspend them
    #[command(subcommand)]
    Officer(officer::Officer),
    /// Show one certificate's life on this machine, from request to revocation
    Demo(demo::Demo),
    /// Look at an installation and say what is wrong and how to mend it
    Doctor(doctor::Doctor),
    /// Make a key as a holder of certificates, in a file or a PKCS#11 token; let an authority's key sign again
    #[command(subcommand)]
    Key(key::Key),
    /// Make a request for a certificate, signed with the holder's key
    #[command(subcommand)]
    Csr(csr::Csr),
    /// Look after the authorities: their keys and generations, and who may use them
    #[command(subcommand)]
    Ca(ca::Ca),
    /// Move all certificates to new cryptography, organisation by organisation
    #[command(subcommand)]
    Campaign(campaign::Campaign),
    /// Revoke much at once: planned, approved by two people, executed in batches
    #[command(subcommand)]
    MassRevoke(mass_revoke::MassRevoke),
    /// Suspend one certificate, and take it back; say who can see a revocation
    #[command(subcommand)]
    Revocation(revocation::RevocationCommand),
    /// Look after the vault of keys made at the centre
    #[command(subcommand)]
    Vault(vault::Vault),
    /// Make keys and certificates of authorities after a script
    #[command(subcommand)]
    Ceremony(ceremony::CeremonyCommand),
    /// Look at certificates
    #[command(subcommand)]
    Cert(cert::Cert),
    /// Hold certificates of any CA to the rules our own keep
    Lint(lint::Lint),
    /// Look at policy packs: what is wrong in one, what it says, what two say differently
    #[command(subcommand)]
    Pack(pack::PackCommand),
    /// See what the profiles of policy packs give
    #[command(subcommand)]
    Profile(profile::Profile),
    /// Look at CRLs
    #[command(subcommand)]
    Crl(crl::Crl),
    /// Publish lists and certificates to the places the configuration names
    #[command(subcommand)]
    Publish(publish::Publish),
    /// Ask OCSP responders; make bundles for edges
    #[command(subcommand)]
    Ocsp(ocsp::Ocsp),
    /// Measure
    #[command(subcommand)]
    Bench(Bench),
}

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Certificates a second through the real pipeline
    Issue(bench::BenchIssue),
    /// What preparing a certificate of each profile costs on one core: encoding, reading back, lint rules
    Encode(bench::encode::BenchEncode),
    /// What a long revocation list costs, beside SHA-256 over it and one signature
    Crl(bench::crl::BenchCrl),
    /// Revoking, listing and answering where much is revoked already, in a scratch installation
    Revocation(bench::revocation::BenchRevocation),
}
