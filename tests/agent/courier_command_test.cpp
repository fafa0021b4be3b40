#include "agent/courier_command.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>
#include <sstream>

#include "tests/agent/deliver.hpp"
#include "tests/agent/sample_events.hpp"
#include "tests/agent/temporary_folder.hpp"
#include "tests/probes/run_until.hpp"

using namespace nethealth;

namespace {

using Kind = DeliveryResult::Kind;

std::string program(const TemporaryFolder& folder, const std::string& text) {
  const std::string path = folder.file("program");
  std::ofstream(path) << "#!/bin/sh\n" << text;
  ::chmod(path.c_str(), 0700);
  return path;
}

DeliveryResult deliver(const std::vector<std::string>& command, const Notification& notification,
                       Milliseconds limit = Milliseconds(20'000)) {
  boost::asio::io_context io;
  Channel channel;
  channel.type = Channel::Type::command;
  channel.command = command;
  CommandCourier courier(io, channel, limit);
  return deliver(io, courier, {notification, 1, samples::moment()}, {true, false, false});
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("a program gets the text on its input and the rest in its environment") {
  const TemporaryFolder folder;
  const std::string out = folder.file("out");
  const std::string path = program(folder,
                                   "{ echo \"$1|$NETHEALTH_ADDRESS|$NETHEALTH_ID|$NETHEALTH_KIND|"
                                   "$NETHEALTH_RESEND\"; cat; } > '" +
                                       out + "'\n");
  CHECK(deliver({path, "-v"}, samples::notification()).kind == Kind::accepted);
  CHECK(text_of(out) == "-v|kato@example.jp|1.page.0|escalation|1\n【停止】2階市民課ハブ\n\n本文\n二行目\n");
}

TEST_CASE("no part of a message is ever run") {
  const TemporaryFolder folder;
  const std::string out = folder.file("out");
  Notification notification = samples::notification();
  notification.subject = "$(touch " + folder.file("forged") + ")`touch " + folder.file("forged") + "`";
  notification.address = "; touch " + folder.file("forged");
  CHECK(deliver({program(folder, "cat > '" + out + "'\n")}, notification).kind == Kind::accepted);
  CHECK(text_of(out).starts_with("$(touch"));
  CHECK_FALSE(std::ifstream(folder.file("forged")).good());
}

TEST_CASE("the exit status says whether to try again") {
  const TemporaryFolder folder;
  CHECK(deliver({program(folder, "exit 75\n")}, samples::notification()).kind == Kind::failed_temporarily);
  CHECK(deliver({program(folder, "exit 3\n")}, samples::notification()).kind == Kind::refused);
  CHECK(deliver({program(folder, "kill -9 $$\n")}, samples::notification()).kind == Kind::unknown);
  CHECK(deliver({folder.file("none")}, samples::notification()).kind == Kind::refused);
}

TEST_CASE("a program that never ends is killed with what it started and its outcome is unknown") {
  const TemporaryFolder folder;
  CHECK(deliver({program(folder, "sleep 1000 & sleep 1000\n")}, samples::notification(), Milliseconds(50))
            .kind == Kind::unknown);
}

TEST_CASE("a program that reads nothing of a long text holds nothing up") {
  const TemporaryFolder folder;
  Notification notification = samples::notification();
  notification.body = std::string(1'000'000, 'x');
  CHECK(deliver({program(folder, "exit 0\n")}, notification).kind == Kind::accepted);
}
