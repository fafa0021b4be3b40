// The packs that ship, as a whole.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "config/embedded.hpp"
#include "rules/log_matcher.hpp"
#include "rules/log_pack.hpp"
#include "rules/log_prepared.hpp"
#include "rules/log_sieve.hpp"

using namespace nethealth;

namespace {

const LogMatcher& shipped() {
  static const LogMatcher matcher = LogMatcher::shipped();
  return matcher;
}

std::string first_rule(const std::string& line) {
  const auto hits = shipped().match(line, {});
  return hits.empty() ? "" : hits[0].rule->id;
}

}  // namespace

TEST_CASE("log packs: every pack compiles and is named as its files") {
  for (const EmbeddedFile& file : log_packs()) {
    const auto packs = shipped().packs();
    CHECK(std::find(packs.begin(), packs.end(), file.name.substr(0, file.name.find_first_of(".-"))) !=
          packs.end());
  }
  for (const char* pack : {"linux", "windows", "network", "ups", "database", "web", "security"}) {
    const auto packs = shipped().packs();
    CHECK(std::find(packs.begin(), packs.end(), pack) != packs.end());
  }
}

TEST_CASE("log packs: what ships prepared is what the packs say") {
  Problems problems;
  std::vector<Node> packs;
  for (const EmbeddedFile& file : log_packs())
    packs.push_back(parse_yaml(file.text, file.name, Language::en, problems));
  const auto proved = LogMatcher::compile(packs, Language::en, problems);
  for (const Problem& problem : problems) MESSAGE(problem.text());
  REQUIRE(proved);
  const std::vector<LogRule>& a = proved->rules();
  const std::vector<LogRule>& b = shipped().rules();
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].id == b[i].id);
    CHECK(a[i].log_class == b[i].log_class);
    CHECK(a[i].cause == b[i].cause);
    CHECK(a[i].severity == b[i].severity);
    CHECK(a[i].component == b[i].component);
    CHECK(a[i].title.ja == b[i].title.ja);
    CHECK(a[i].title.en == b[i].title.en);
    CHECK(a[i].threat == b[i].threat);
    CHECK(a[i].count.value_or(LogCount{}).times == b[i].count.value_or(LogCount{}).times);
  }
}

TEST_CASE("log packs: the quick pass lets through what the plain one does at every alignment") {
  Problems problems;
  LogPackDraft draft;
  for (const EmbeddedFile& file : log_packs())
    read_log_pack(parse_yaml(file.text, file.name, Language::en, problems), Language::en, draft, problems);
  const auto prepared = read_prepared(log_rules_prepared().at(0).text);
  REQUIRE(prepared);
  const LogSieve sieve(prepared->needs, prepared->everyday);
  for (const LogRuleDraft& rule : draft.rules)
    for (const Node& example : rule.example_nodes)
      for (std::size_t lead_in = 0; lead_in < 17; ++lead_in) {
        std::vector<int> quick, plain;
        const std::string line = std::string(lead_in, ' ') + example.value;
        sieve.pass(line, quick);
        sieve.pass_plainly(line, plain);
        std::sort(quick.begin(), quick.end());
        std::sort(plain.begin(), plain.end());
        REQUIRE(quick == plain);
        REQUIRE(shipped().may_match(line));
      }
}

TEST_CASE("log packs: everyday lines hit nothing") {
  for (const char* line : {
           "systemd[1]: Reached target Timers.",
           "systemd[1]: Started Session 5 of User sato.",
           "systemd[1]: apt-daily.service: Succeeded.",
           "systemd[1]: logrotate.service: Deactivated successfully.",
           "CRON[812]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
           "CRON[813]: (root) CMD (test -x /usr/sbin/anacron || run-parts /etc/cron.daily)",
           "dhclient[99]: DHCPACK of 192.0.2.44 from 192.0.2.1",
           "dhclient[99]: bound to 192.0.2.44 -- renewal in 1800 seconds.",
           "kernel: e1000e 0000:00:19.0 eth0: NIC Link is Up 1000 Mbps Full Duplex",
           "kernel: EXT4-fs (sda1): mounted filesystem with ordered data mode",
           "kernel: usb 1-1: new high-speed USB device number 4 using xhci_hcd",
           "ntpd[5]: synchronized to 192.0.2.123, stratum 2",
           "sshd[4]: pam_unix(sshd:session): session closed for user sato",
           "sshd[4]: Received disconnect from 192.0.2.4 port 4000:11: disconnected by user",
           "sudo:     sato : TTY=pts/0 ; PWD=/home/sato ; USER=root ; COMMAND=/usr/bin/systemctl status "
           "nginx",
           "postfix/qmgr[7]: 4F1: removed",
           "named[2]: client 192.0.2.5#4000: query: cs-1.example.lg.jp IN A + (192.0.2.53)",
           "%SYS-5-CONFIG_I: Configured from console by admin on vty0 (192.0.2.4)",
           "%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to up",
           "smartd[1]: Device: /dev/sda [SAT], SMART Prefailure Attribute: 1 Raw_Read_Error_Rate changed "
           "from 100 to 99",
           "upsmon[1]: UPS ups1@localhost on line power",
           "192.0.2.4 - - [24/Nov/2026:09:00:00 +0900] \"GET /index.html HTTP/1.1\" 200 5012 \"-\" "
           "\"Mozilla/5.0\"",
           "192.0.2.4 - - [24/Nov/2026:09:00:00 +0900] \"GET /juki?error=0 HTTP/1.1\" 304 0 \"-\" "
           "\"Mozilla/5.0\"",
           "LOG:  checkpoint complete: wrote 12 buffers (0.1%)",
           "LOG:  database system is ready to accept connections",
           "mysqld: ready for connections. Version: '8.0'",
           "Windows Update サービスは実行状態に移行しました。",
           "イベント ログ サービスが開始されました。",
           "バックアップが正常に終了しました。",
           "時刻同期が完了しました。",
           "夜間バッチ処理を開始しました。",
           "ウイルスパターンファイルを最新に更新しました。",
           "clamd[1]: SelfCheck: Database status OK.",
           "The Windows Update service entered the running state.",
       })
    CHECK_MESSAGE(first_rule(line).empty(), (std::string(line) + " -> " + first_rule(line)));
}

TEST_CASE("log packs: what a successful log-in and failures before it have in common is the source") {
  const auto failed = shipped().match("sshd[1]: Failed password for root from 192.0.2.66 port 5 ssh2", {});
  const auto worked = shipped().match("sshd[1]: Accepted password for root from 192.0.2.66 port 6 ssh2", {});
  REQUIRE(!failed.empty());
  REQUIRE(!worked.empty());
  CHECK(failed[0].rule->count->times == 5);
  CHECK(failed[0].source == worked[0].source);
  CHECK(worked[0].rule->log_class == LogClass::context);
  CHECK(worked[0].rule->id == "security.login_succeeded");
}

TEST_CASE("log packs: Japanese and English windows lines name who tried") {
  const auto ja = shipped().match(
      "アカウントのログオンに失敗しました。 アカウント名: a ソース ネットワーク アドレス: 192.0.2.9", {});
  const auto en =
      shipped().match("An account failed to log on. Source Network Address: 192.0.2.9 Source Port: 0", {});
  REQUIRE(!ja.empty());
  REQUIRE(!en.empty());
  CHECK(ja[0].source == "192.0.2.9");
  CHECK(en[0].source == "192.0.2.9");
}
