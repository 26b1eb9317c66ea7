"""Signs a PDF with each job-role sample and validates it the ways an office does. Reads what to do as JSON on standard input:
{"signers": [{"name", "certificate", "key", "chain", "ocsp"}], "revoked": [the same], "others": [the same], "crls":
[file]}; prints what it found and a count. Revocation is always required ("require": a certificate without an answer is not trusted), the anchor is ours alone."""

import asyncio
import json
import logging
import sys
from io import BytesIO
from pathlib import Path

import aiohttp
from asn1crypto import pem, x509
from asn1crypto.crl import CertificateList
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.validation import DocumentSecurityStore, async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.fetchers.aiohttp_fetchers import AIOHttpFetcherBackend

WORDS = b"The mayor of Shirakaba certifies this copy."


class Findings:
    """Collects what was found and says so at the end."""

    def __init__(self):
        self.passed, self.found = 0, []

    def check(self, good, what):
        if good:
            self.passed += 1
        else:
            self.found.append(what)

    def end(self):
        for line in self.found:
            print(f"FOUND {line}")
        print(f"{self.passed} passed, {len(self.found)} failed")
        sys.exit(1 if self.found else 0)


class Sample:
    """A signer with its chain and its OCSP answer."""

    def __init__(self, described):
        self.name = described["name"]
        self.chain = [x509.Certificate.load(der) for _, _, der in pem.unarmor(Path(described["chain"]).read_bytes(), multiple=True)]
        self.ocsp = Path(described["ocsp"]).read_bytes()
        self.signer = signers.SimpleSigner.load(described["key"], described["certificate"], ca_chain_files=(described["chain"],))

    def context(self, **evidence):
        """What one trusts who trusts this sample's anchor and has this evidence about revocation."""
        return ValidationContext(
            trust_roots=self.chain[-1:], other_certs=self.chain[:-1], revocation_mode="require", **evidence
        )


def page():
    """A PDF of one page with WORDS."""
    writer = PdfFileWriter()
    font = generic.DictionaryObject({
        generic.pdf_name("/Type"): generic.pdf_name("/Font"),
        generic.pdf_name("/Subtype"): generic.pdf_name("/Type1"),
        generic.pdf_name("/BaseFont"): generic.pdf_name("/Helvetica"),
    })
    fonts = generic.DictionaryObject({generic.pdf_name("/F"): writer.add_object(font)})
    text = generic.StreamObject(stream_data=b"BT /F 12 Tf 72 720 Td (" + WORDS + b") Tj ET")
    sheet = PageObject(
        contents=writer.add_object(text),
        media_box=generic.ArrayObject(map(generic.NumberObject, (0, 0, 595, 842))),
        resources=generic.DictionaryObject({generic.pdf_name("/Font"): fonts}),
    )
    writer.insert_page(sheet)
    written = BytesIO()
    writer.write(written)
    return written


async def signed(sample, context=None):
    """The page with a PAdES signature; with a context, its evidence is put into the document (B-LT but for the time stamp)."""
    metadata = signers.PdfSignatureMetadata(
        field_name="Mayor",
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        embed_validation_info=context is not None,
        validation_context=context,
    )
    out = await signers.async_sign_pdf(IncrementalPdfFileWriter(page()), metadata, signer=sample.signer)
    return out.getvalue()


async def judged(document, context):
    """pyHanko's judgement with its own key usage policy, which for a signature wants nonRepudiation."""
    reader = PdfFileReader(BytesIO(document))
    return await async_validate_pdf_signature(reader.embedded_signatures[0], context)


def evidence(sample, crls):
    """What somebody may know about revocation. The authority's own certificate is asked about too, and only the root's CRL says."""
    above = [crl for crl in crls if not issued_by(crl, sample.chain[0])]
    return {"CRLs": {"crls": crls}, "OCSP": {"crls": above, "ocsps": [sample.ocsp]}}


def signed_in(chain, crls):
    """The CRLs that keys of this chain signed: pyHanko takes any of the same name, and a name may have keys of two kinds."""
    keys = {authority.key_identifier for authority in chain}
    return [crl for crl in crls if CertificateList.load(crl).authority_key_identifier_value["key_identifier"].native in keys]


def issued_by(crl, authority):
    """Whether a CRL is of that authority."""
    return CertificateList.load(crl).issuer == authority.subject


async def role(sample, crls, findings):
    """Everything that must hold for a document signed with a job-role key."""
    crls = signed_in(sample.chain, crls)
    document = await signed(sample, sample.context(crls=crls, ocsps=[sample.ocsp]))

    for name, given in evidence(sample, crls).items():
        status = await judged(document, sample.context(**given))
        findings.check(status.bottom_line, f"{sample.name} with {name}: {status.pretty_print_details()}")

    inside = DocumentSecurityStore.read_dss(PdfFileReader(BytesIO(document)))
    findings.check(inside.ocsps or inside.crls, f"{sample.name}: no evidence in the document")
    trusting = {"trust_roots": sample.chain[-1:], "revocation_mode": "require"}
    status = await judged(document, inside.as_validation_context(trusting))
    findings.check(status.bottom_line, f"{sample.name} with what is in the document: {status.pretty_print_details()}")

    async with aiohttp.ClientSession(trust_env=True) as session:  # through the proxy the environment names
        fetching = sample.context(allow_fetching=True, fetcher_backend=AIOHttpFetcherBackend(session))
        status = await judged(await signed(sample), fetching)
        findings.check(status.bottom_line, f"{sample.name} with what its addresses give: {status.pretty_print_details()}")

    # Refused: no answer about the holder, no trust in the anchor, another text.
    rootless = [crl for crl in crls if not issued_by(crl, sample.chain[0])]
    status = await judged(await signed(sample), sample.context(crls=rootless))
    findings.check(status.intact and not status.trusted, f"{sample.name} is trusted without an answer about revocation")

    stranger = ValidationContext(trust_roots=[], other_certs=sample.chain, crls=crls, revocation_mode="require")
    status = await judged(document, stranger)
    findings.check(status.intact and not status.trusted, f"{sample.name} is trusted by somebody who trusts nobody")

    changed = document.replace(WORDS, WORDS.replace(b"certifies", b"disclaims"))
    status = await judged(changed, sample.context(crls=crls))
    findings.check(changed != document and not status.intact, f"{sample.name}: a changed document is still intact")


async def revoked(sample, crls, findings):
    """A document signed with a revoked certificate is intact, and its signer known to be revoked, by CRL and by OCSP."""
    crls = signed_in(sample.chain, crls)
    document = await signed(sample)
    for name, given in evidence(sample, crls).items():
        status = await judged(document, sample.context(**given))
        findings.check(status.intact and status.revoked, f"{sample.name} with {name}: {status.pretty_print_details()}")


async def other(sample, crls, findings):
    """A document signed with a key of another family is intact, and not trusted."""
    crls = signed_in(sample.chain, crls)
    status = await judged(await signed(sample), sample.context(crls=crls))
    findings.check(status.intact and not status.trusted, f"{sample.name}, no job role, signs documents")


async def main():
    # Its warnings (evidence is embedded without fetching) and refusals, which we provoke, are no findings.
    logging.disable(logging.CRITICAL)
    task, findings = json.load(sys.stdin), Findings()
    crls = [Path(file).read_bytes() for file in task["crls"]]
    for described in task["signers"]:
        await role(Sample(described), crls, findings)
    for described in task["revoked"]:
        await revoked(Sample(described), crls, findings)
    for described in task["others"]:
        await other(Sample(described), crls, findings)
    findings.end()


asyncio.run(main())
