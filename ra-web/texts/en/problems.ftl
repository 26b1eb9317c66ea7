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
csr-pss-salt = The signature of the request is RSA-PSS with a salt of { $found } octets. Only { $expected }, as many as the digest has, are accepted. Make the request (CSR) again, with OpenSSL by adding -sigopt rsa_pss_saltlen:digest.
csr-signature-malformed = The signature method of the request is written in a wrong form. The software that made it may be faulty. Make the request (CSR) again with other software, such as OpenSSL.
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

## Text in the names of certificates
text-empty = Nothing was entered. A certificate cannot be issued without it. Enter the text that the certificate is to carry.
text-not-composed = Character { $position }, “{ $found }” ({ $code }), looks right but is written in another form. Certificates carry the composed form (NFC). Enter “{ $instead }”.
text-variant = Character { $position }, “{ $found }” ({ $code }), is a variant chosen by an invisible mark. Others may see another form, so certificates do not carry it. Check whether “{ $instead }” will do.
text-hidden = Character { $position } is invisible ({ $code }). A name that is not what it looks like cannot go into a certificate. Delete it.
text-unassigned = Character { $position } ({ $code }) is private to some machines or not assigned. Elsewhere it is another character or nothing. Choose a substitute.
text-not-in-jis-x-0213 = Character { $position }, “{ $found }” ({ $code }), cannot be used in certificates: only kanji, kana and Latin letters of JIS X 0213 can. Choose a substitute.
text-not-in-jis-x-0213-instead = Character { $position }, “{ $found }” ({ $code }), cannot be used in certificates: only kanji, kana and Latin letters of JIS X 0213 can. Check whether “{ $instead }” will do.
text-width = Character { $position }, “{ $found }” ({ $code }), has the wrong width. Latin letters and digits are half-width, katakana is full-width. Write “{ $instead }”.
text-look-alike = Character { $position }, “{ $found }” ({ $code }), looks like another. Such names are taken for others, so certificates do not carry them. Enter “{ $instead }”.
text-mixed-script = Character { $position }, “{ $found }” ({ $code }), looks like the characters around it but is of another script (the kanji 二 and the katakana ニ, for example). Such names are taken for others, so certificates do not carry them. Did you mean “{ $instead }”? If it is right, put a space or “・” beside it.
text-separator = Character { $position }, “{ $found }” ({ $code }), separates the parts of a name: the name would read as two. Write it without.
text-separator-instead = Character { $position }, “{ $found }” ({ $code }), separates the parts of a name: the name would read as two. Write “{ $instead }”, for example.
text-sign = Character { $position }, “{ $found }” ({ $code }), is a sign that names do not have. Write the name without it.
text-sign-instead = Character { $position }, “{ $found }” ({ $code }), is a sign that names do not have. Write “{ $instead }”.
text-space = A space too many stands at character { $position } ({ $code }). One space between words is possible. Correct it.
text-too-long = There are { $count } characters. One part of a certificate's name carries at most { $limit }. Make it shorter.
text-latin = Character { $position }, “{ $found }” ({ $code }), cannot be used here. Only half-width Latin letters, digits, spaces and ' ( ) - . : ? can. Write it in Latin letters.
text-latin-name = Character { $position }, “{ $found }” ({ $code }), cannot be used in a name in Latin letters. Only letters, spaces, hyphens and ' can. Write the name in Latin letters.
text-number = Character { $position }, “{ $found }” ({ $code }), cannot be used in a number. Only half-width letters, digits and hyphens can. Correct this character.
text-normalised = “{ $typed }” was changed to “{ $value }”.
post-empty = The post in Japanese is missing. A certificate cannot be issued without saying whose it is. Enter the post.
post-en-empty = The post in Latin letters is missing. Certificates carry the name in Latin letters, too. Enter it.
person-empty = The name in kanji is missing. A certificate cannot be issued without saying whose it is. Enter the name.
person-en-empty = The name in Latin letters is missing. Certificates carry the name in Latin letters, too. Enter it.
person-number-empty = The staff number is missing. Without it, people of the same name cannot be told apart. Enter it.
service-en-empty = The name of the mailbox or service is missing. It becomes the name of the certificate. Enter it in Latin letters.
unit-en-missing = “{ $name }” has no name in Latin letters. Certificates carry both. Enter it, or leave both empty.
unit-missing = “{ $name }” has no name in Japanese. Certificates carry both. Enter it, or leave both empty.

## Mail addresses
emails-empty = No mail address was entered. A certificate cannot be issued without one. Enter one address a line.
emails-too-many = There are { $count } mail addresses. One certificate carries at most { $limit }. Reduce them to { $limit } or divide the request.
emails-at = “{ $name }” is not a mail address. A mail address has one half-width @. Enter it as in soumu@town.shirakaba.lg.jp.
emails-local-part = What stands before the @ of “{ $name }” is not right. Something must stand there, and dots stand between other characters, one at a time. Correct it.
emails-character = “{ $character }” in “{ $name }” cannot stand before the @. Half-width letters, digits and signs such as . - _ + can. Correct this character.
emails-domain = What follows the @ of “{ $name }” is not a domain name. It has the form town.shirakaba.lg.jp. Check the spelling and correct it.
emails-too-long = “{ $name }” is too long. A mail address has at most 254 characters, 64 of them before the @. Check the address and correct it.

## First day and key
start-date = “{ $typed }” cannot be read as a date. The calendar has no such day, or year, month or day is missing. Enter all three as in 2027, 4, 1, or leave all empty.
start-past = { $date } has passed. A certificate cannot begin in the past. Enter today or a later day, or leave all empty.
start-too-far = { $date } is too far ahead. At most { $days } days ahead, until { $last }, are possible. Enter a day before that.
csr-not-needed = You chose that the authority makes the key, but there is a signing request (CSR), too. It is not clear which key is meant. Remove the request, or choose to make the key yourselves.
csr-key-not-certified = Certificates of this kind are not issued for this key ({ $found }). Keys that can be used: { $allowed }. Make a new key of one of these kinds.
key-source-not-offered = The key for this certificate cannot be made by the authority, because making keys is not offered here. Choose to make it yourselves, and send a signing request (CSR).
key-kind-unknown = No kind of key was chosen. Only a kind that the authority makes is possible. Choose one.
key-out-of-date = This key ({ $key }) cannot be used on the first day, because its time has ended by then. Choose another kind of key, or an earlier day.
centre-again = Something changed while the request was checked, so no key was made. Nothing has been submitted. Check the content and submit again.
