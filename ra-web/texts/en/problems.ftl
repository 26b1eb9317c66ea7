### What to mend: each sentence says what, why and what to do, in this order.

## Server names
names-empty = No server name was entered. A certificate cannot be issued without a name. Enter one name a line, such as www.town.shirakaba.lg.jp.
names-too-many = There are { $count } server names. One certificate carries at most { $limit }. Reduce them to { $limit } or divide the request.
names-url = “{ $name }” is the address (URL) of a web page. A certificate carries server names only. Enter just the name, such as “{ $suggestion }”.
names-wildcard = “{ $name }” contains “*”. Names that cover many servers are not issued, because nobody could tell which server uses them. Enter each server's name.
names-ip-address = “{ $name }” is an IP address. IP addresses cannot be put into a certificate. Enter the server's name (FQDN).
names-character = “{ $character }” ({ $code }) in “{ $name }” cannot be used in a server name. Only ASCII letters, digits, hyphens and dots are possible. Correct this character.
names-no-dot = “{ $name }” has no dot. Without the domain we cannot tell whose server it is. Enter the whole name, such as www.town.shirakaba.lg.jp.
names-syntax = “{ $name }” does not have the form of a server name. Each part between dots has 1 to 63 characters and neither begins nor ends with a hyphen. Check the spelling and correct it.
names-domain-expired = “{ $name }” cannot be requested, because the proof for the domain “{ $domain }” has expired. Ask the centre to verify the domain again.
names-no-domains = “{ $name }” cannot be requested, because no verified domain is registered for your organisation yet. Ask the centre to register your domain.
names-misspelt-domain = “{ $name }” cannot be requested, because it is spelt differently from your registered domain ({ $domains }). Did you mean “{ $suggestion }”? Check the spelling and correct it.
names-foreign-domain = “{ $name }” cannot be requested, because it is not in your organisation's registered domains. Registered: { $domains }. Enter a name below one of these, or ask the centre to register the domain.
names-normalised = “{ $typed }” was changed to “{ $name }”.
names-repeated = “{ $name }” was entered twice and is taken once.

## Certificate signing request (CSR)
csr-empty = The certificate signing request (CSR) is missing. Without it the public key for the certificate is unknown. Choose the file or paste its content.
csr-too-large = The file has { $size } bytes. A certificate signing request (CSR) has at most { $limit } bytes. Check that you chose the right file, and choose again.
csr-broken-pem = The signing request could not be read. Characters are missing or do not belong there. Copy everything again, from the line “-----BEGIN CERTIFICATE REQUEST-----” to the line “-----END CERTIFICATE REQUEST-----”.
csr-private-key = What was pasted is a private key. A private key must never be given to anyone. It was neither stored nor logged, and it is gone from this page. But a key that was sent is no longer safe. Destroy it, make a new key and send the signing request (CSR) of the new key.
csr-private-key-elsewhere = A private key was pasted into this field. A private key must never be given to anyone. It was neither stored nor logged, and it is gone from this page. But a key that was sent is no longer safe. Destroy it and make a new key.
csr-certificate = This is a certificate, not a signing request (CSR). A certificate does not prove that you hold the key. Choose the file made together with the key on your server (.csr or .req).
csr-not-a-request = This is not a signing request (CSR), because its content does not have that form (PKCS#10). Check that it is the file made on your server (.csr or .req), and choose again.
csr-several = { $count } files are joined here. Which one you mean cannot be told, so none is accepted. Choose or paste only the signing request (CSR) of this time.
csr-other-pem = This is a “{ $label }”, not a signing request (CSR). A certificate cannot be made from another kind of file. Choose the file made together with the key on your server (.csr or .req).
csr-trailing-data = { $count } bytes follow the signing request. They are refused because the request may have been joined with something else. Take out the request alone, or make it again.
csr-bad-signature = The signature of the signing request does not match. The content was changed after it was made, or it was signed with another key. Make the request (CSR) again on the server and send it unchanged.
csr-signature-algorithm = The signature method of the request ({ $algorithm }) cannot be used. Only SHA-256 and SHA-384 are accepted, because older methods can be forged. Make the request (CSR) again with one of them.
csr-weak-rsa = This key (RSA, { $bits } bits) is too short to be safe. Make a new key with at least 2048 bits, better 3072.
csr-long-rsa = This key (RSA, { $bits } bits) is too long for us. Keys of 2048 to 4096 bits can be used. Make a new key with 3072 bits.
csr-weak-exponent = This key was made with an unsafe public exponent. The settings of the software that made it may be old. Make a new key with the standard setting (exponent 65537).
csr-known-weak = This key is known to be weak: others can guess it. The software that made the key may have a fault. Update the software, then make a new key.
csr-key-unsupported = This kind of key ({ $found }) cannot be used. RSA (2048 to 4096 bits) and elliptic curves (P-256, P-384) can. Make a new key of one of these kinds.
csr-key-malformed = The public key in the signing request could not be read, because its form does not follow the standard. Make the key and the request (CSR) again.
csr-key-used = This key is the same as in an earlier request ({ $number }). Using a key again makes the harm greater when it leaks. Make a new key and send its signing request (CSR).
csr-key-used-elsewhere = This key is already used by another certificate. Using a key again makes the harm greater when it leaks. Make a new key and send its signing request (CSR).
csr-double = There was a file and pasted text. The file was used.

## What was repaired while reading
csr-repair-armour = The first and last lines (BEGIN, END) were missing and were added.
csr-repair-surrounding = Text before and after the signing request was left out.

## Other fields
note-too-long = The note has { $count } characters. At most { $limit } are possible. Make it shorter.
reason-empty = No reason was entered. Write one, so that the applicant knows what to change.
reason-too-long = The reason has { $count } characters. At most { $limit } are possible. Make it shorter.
statement-changed = The request is not the same as the one you were shown. We stopped, so that nothing unseen is approved. Check the content below and approve again.
statement-missing = The record of what you approve did not arrive. We stopped, because it could not be recorded what was approved. Check the content below and approve again.
revocation-reason-empty = No reason was chosen. The reason is told to those who check the certificate. Choose the one that fits.
known-since-date = “{ $typed }” cannot be read as a date. The calendar has no such day, or it contains something other than digits. Enter year, month and day in digits (the year as 2026).
known-since-future = { $date } is later than today. You cannot have known it before it happened. Correct the date.
known-since-incomplete = Year, month or day is missing. Enter all three, or leave all three empty if you do not know.
diagnosis-rsa-2048 = Keys of RSA with 2048 bits may be used until the end of 2030 only. Next time, 3072 bits or an elliptic curve (P-256) is better.
