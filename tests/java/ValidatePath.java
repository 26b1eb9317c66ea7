import java.io.FileInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CRL;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXCertPathBuilderResult;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Builds and validates a path with Java's own PKIX implementation (RFC 5280 §6), revocation checked against the CRLs given.
 * With an OCSP answer about the target, that alone decides about it.
 * Usage: java ValidatePath.java ANCHOR.pem TARGET.pem POOL.pem CRLS.pem [ANSWER.der]. Prints the path, target first, one serial and
 * issuer a line; says why and ends with 1 where there is none.
 */
public class ValidatePath {
    public static void main(String[] arguments) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        X509Certificate anchor = certificates(factory, arguments[0]).get(0);
        X509Certificate target = certificates(factory, arguments[1]).get(0);
        List<Object> known = new ArrayList<>(certificates(factory, arguments[2]));
        known.add(target);
        known.addAll(crls(factory, arguments[3]));

        X509CertSelector wanted = new X509CertSelector();
        wanted.setCertificate(target);
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(Set.of(new TrustAnchor(anchor, null)), wanted);
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(known)));
        parameters.setRevocationEnabled(true);
        parameters.setMaxPathLength(10);
        if (arguments.length > 4) {
            parameters.addCertPathChecker(answered(target, Files.readAllBytes(Path.of(arguments[4]))));
        }
        try {
            PKIXCertPathBuilderResult result =
                (PKIXCertPathBuilderResult) CertPathBuilder.getInstance("PKIX").build(parameters);
            for (Certificate certificate : result.getCertPath().getCertificates()) {
                X509Certificate one = (X509Certificate) certificate;
                System.out.println(one.getSerialNumber().toString(16) + " " + one.getIssuerX500Principal());
            }
        } catch (CertPathBuilderException refused) {
            for (Throwable cause = refused; cause != null; cause = cause.getCause()) {
                System.out.println(cause);
            }
            System.exit(1);
        }
    }

    private static PKIXRevocationChecker answered(X509Certificate target, byte[] answer) throws Exception {
        PKIXRevocationChecker checker =
            (PKIXRevocationChecker) CertPathBuilder.getInstance("PKIX").getRevocationChecker();
        checker.setOcspResponses(Map.of(target, answer));
        checker.setOptions(
            Set.of(PKIXRevocationChecker.Option.ONLY_END_ENTITY, PKIXRevocationChecker.Option.NO_FALLBACK));
        return checker;
    }

    private static List<X509Certificate> certificates(CertificateFactory factory, String file) throws Exception {
        List<X509Certificate> read = new ArrayList<>();
        try (InputStream stream = new FileInputStream(file)) {
            for (Certificate certificate : factory.generateCertificates(stream)) {
                read.add((X509Certificate) certificate);
            }
        }
        return read;
    }

    private static Collection<? extends CRL> crls(CertificateFactory factory, String file) throws Exception {
        try (InputStream stream = new FileInputStream(file)) {
            return factory.generateCRLs(stream);
        }
    }
}
