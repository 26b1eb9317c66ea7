### 申請と承認の画面

## 状態
request-state-submitted = 承認待ち
request-state-approved = 承認済み(発行待ち)
request-state-issuing = 発行処理中
request-state-issued = 発行済み
request-state-returned = 差戻し
request-state-rejected = 却下
request-state-withdrawn = 取下げ
request-state-failed = 発行できませんでした

request-next-submitted = 責任者の承認を待っています。
request-next-approved = 承認されました。まもなく証明書を発行します。
request-next-issuing = 証明書を発行しています。しばらくしてから、この画面を開き直してください。
request-next-issued = 証明書を発行しました。下のボタンから受け取れます。
request-next-returned = 差し戻されました。理由を確かめ、内容を直して、新しく申請してください。
request-next-rejected = 却下されました。この申請では証明書を発行しません。
request-next-withdrawn = 申請した側で取り下げました。必要なときは新しく申請してください。
request-next-failed = 証明書を発行できませんでした。センターに申請番号を知らせてください。

request-steps-label = 手続きの進み具合
request-step-requested = 申請
request-step-approved = 承認
request-step-issued = 発行
step-done = 済み
step-current = いまここ
step-stopped = 止まっています
step-waiting = これから

## 一覧
requests-title = 申請一覧
requests-new = 新しく申請する
requests-filter-label = 状態でしぼり込む
requests-filter-all = すべて
requests-filter-waiting = 承認待ち
requests-filter-working = 発行処理中
requests-filter-issued = 発行済み
requests-filter-closed = 差戻し・却下・取下げ
requests-search-label = 申請番号またはサーバ名
requests-search-button = 検索する
requests-empty = 申請はまだありません。「新しく申請する」から始めます。
requests-no-hit = あてはまる申請はありません。申請番号は「R8-000123」、サーバ名は「www.town.shirakaba.lg.jp」やその一部で探せます。
requests-count = 表示している申請: { $count }件
requests-more = これより前の申請を見る
requests-caption = 自団体の申請
column-number = 申請番号
column-names = サーバ名
column-requester = 申請した人
column-submitted = 申請した日時
column-state = 状態
names-and-more = ほか{ $count }件

## 新規申請
new-request-title = 新規申請
new-request-lead = 何に使う証明書ですか。
kind-web-server = Webサーバ用の証明書
kind-web-server-hint = ホームページや業務システムの通信を暗号化し、正しいサーバであることを示します。
kind-later = 職責証明書、利用者証明書、メール用の証明書は、まだこの画面から申請できません。
new-request-next = 次へ進む

web-server-title = Webサーバ用証明書の申請
web-server-steps-label = 申請の手順
web-server-step-input = 入力
web-server-step-confirm = 内容の確認
web-server-step-done = 申請完了
web-server-lead = サーバの管理者から受け取ったファイルを用意してください。申請のあと、別の人(責任者)が承認すると発行されます。
field-names = サーバ名(FQDN)
field-names-hint = 1行に1つ、{ $limit }個まで入力できます。1行目の名前が証明書の代表の名前になります。
field-names-domains = 申請できるドメイン: { $domains }(その下の名前も申請できます)
field-names-domains-none = 確認済みのドメインがまだありません。センターへドメインの登録を依頼してください。
field-csr = 証明書の発行要求ファイル(CSR)
field-csr-hint = サーバで鍵と一緒に作ったファイルです(拡張子 .csr や .req)。秘密鍵のファイル(.key)は送らないでください。
field-csr-file = ファイルを選ぶ
field-csr-file-hint = { $limit }キロバイト(KB)まで。ファイルを選ぶと、貼り付けた内容より優先します。
field-csr-paste = または、内容を貼り付ける
field-note = 備考
field-note-hint = 承認する人への連絡があれば書いてください。{ $limit }文字までです。証明書には載りません。
button-diagnose = 検査する
button-confirm = 内容を確認する
button-submit = 申請する
button-edit = 戻って直す
button-back-to-list = 一覧へ戻る

## 検査の結果
diagnosis-good = この発行要求は使えます。
diagnosis-bad = この発行要求は使えません。
diagnosis-proof-good = 署名は合っています。鍵を持っている人が作ったものです。
diagnosis-ignored-subject = 発行要求に書かれている名前
diagnosis-ignored-subject-hint = この名前は使いません。証明書の名前は、団体の登録とこの申請から決まります。
diagnosis-ignored-names = 発行要求に書かれているサーバ名
diagnosis-ignored-names-hint = この一覧は使いません。上の欄に入力した名前だけが証明書に載ります。

## 内容の確認
confirm-title = 申請内容の確認
confirm-lead = まだ申請していません。証明書には次のとおり書かれます。よければ「申請する」を押してください。
confirm-certificate-says = 証明書に書かれること
confirm-subject = 証明書の名義
confirm-names = サーバ名
confirm-organisation = 団体
confirm-key = 鍵の種類
confirm-key-fingerprint = 鍵の指紋(SHA-256)
confirm-profile = 証明書の種類
confirm-notices = 直したこと
confirm-not-in-certificate = 証明書に書かれないこと
confirm-note = 備考
confirm-note-none = なし
confirm-requester = 申請する人
confirm-reminder = 申請したあとは内容を変えられません。間違えたときは、承認の前なら取り下げて、申請し直せます。

## 申請の詳細
request-title = 申請 { $number }
request-content = 申請の内容
request-kind = 種類
request-history = これまでの経過
request-event-submitted = { $name }が申請しました。
request-event-approved = { $name }が承認しました。
request-event-returned = { $name }が差し戻しました。
request-event-rejected = { $name }が却下しました。
request-event-withdrawn = { $name }が取り下げました。
request-event-issued = 証明書を発行しました。
request-reason = 理由
request-certificate = 証明書を見る
request-again = 新しく申請する
request-own = これはあなたの申請です。二人の目で確かめるため、自分の申請は承認できません。ほかの責任者に頼んでください。
request-not-approver = 承認は責任者が行います。
request-withdraw-title = 申請を取り下げる
request-withdraw-hint = 取り下げると、この申請では証明書を発行しません。あとで戻すことはできませんが、新しく申請できます。
button-withdraw = この申請を取り下げる
request-done-submitted = 申請を受け付けました。申請番号は { $number } です。
request-done-approved = 承認しました。
request-done-returned = 差し戻しました。
request-done-rejected = 却下しました。
request-done-withdrawn = 取り下げました。
person-unknown = (登録のない人)

## 承認
approvals-title = 承認箱
approvals-lead = 承認を待っている申請です。古いものから並んでいます。
approvals-empty = 待っている案件はありません。新しい申請が届くと、ここに出ます。
approvals-count = { $count }件あります。
approval-sentence = { $organisation }の{ $requester }が、{ $names } で使うWebサーバ用証明書を申請しています。
approval-waiting-since = 申請した日時: { $when }。
approval-key = 鍵は { $key } です。
approval-checks = 機械で確かめたこと
approval-check-proof = 申請した側が鍵を持っていること(署名が合っています)
approval-check-domains = サーバ名がすべて貴団体の確認済みドメインの下にあること
approval-check-key = 鍵が弱くなく、以前に使われていないこと
approval-flags = 気をつけるところ
approval-no-flags = 特に気をつけるところは見つかりませんでした。
flag-new-name = 「{ $name }」の証明書は、この団体で初めてです。サーバがあるか確かめてください。
flag-many-names = サーバ名が{ $count }個あります。1つでも違うと全部の証明書を作り直すことになります。
flag-rsa-2048 = 鍵がRSA 2048ビットです。2030年末までしか使えません。
flag-already-valid = 「{ $name }」には、有効な証明書がすでにあります({ $until }まで)。切替えかどうか確かめてください。
flag-domain-expired = 「{ $name }」のドメインの確認期限が切れています。このままでは発行できません。
flag-long-wait = { $days }日待っています。
approval-statement = 承認する内容の控え
approval-statement-hint = この文のまま記録に残ります。あとから変えられません。
approval-statement-hash = 控えの指紋(SHA-256)
approval-title = 承認・差戻し・却下
button-approve = 承認する
button-return = 差し戻す
button-reject = 却下する
approval-reason = 差戻し・却下の理由
approval-reason-hint = 差し戻すか却下するときは必須です。申請した人に見えます。{ $limit }文字までです。
approval-return-or-reject = 差し戻す・却下する
approval-own = あなたの申請です。自分の申請は承認できないので、ほかの責任者の承認を待ってください。

## 先に処理された申請
stale-title = この申請は、ほかの人が先に処理しました
stale-by = { $when } に{ $name }が「{ $state }」にしました。あなたの操作は行われていません。
stale-unknown = いまの状態は「{ $state }」です。あなたの操作は行われていません。
stale-kept = 入力していた理由は消えていません。必要なら写して使ってください。
refused-own = 自分の申請は承認できません。申請した人と承認する人が同じだと、間違いや不正に気づけないためです。ほかの責任者に頼んでください。
refused-domain-expired = 「{ $name }」は承認できません。ドメインの確認の期限が切れているためです。センターへドメインの再確認を依頼し、確認が済んでから承認してください。
diagnosis-none = 発行要求ファイル(CSR)はまだありません。
diagnosis-key-is = 鍵の種類は { $key } です。
diagnosis-fingerprint-is = 鍵の指紋(SHA-256)は { $fingerprint } です。
diagnosis-subject-ignored = 発行要求に書かれている名前「{ $subject }」は使いません。証明書の名前は、団体の登録とこの申請から決まります。
diagnosis-names-ignored = 発行要求に書かれているサーバ名「{ $names }」は使いません。サーバ名の欄に入力した名前だけが証明書に載ります。
confirm-validity = 有効期間
confirm-validity-days = 発行した時から{ $days }日間
confirm-validity-years = 発行した時から{ $years }年間
stale-kept-label = 入力していた理由
list-separator = 、
approvals-done = 申請 { $number }: { $text }
