#include "agent/password_command.hpp"

#include <termios.h>
#include <unistd.h>

#include <iostream>
#include <string>

#include "agent/digest.hpp"
#include "agent/password_hash.hpp"

namespace nethealth {
namespace {

constexpr std::size_t token_bytes = 24;

/// The terminal does not show what is typed while it lives.
class Unseen {
 public:
  Unseen() {
    known_ = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!known_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~Unseen() {
    if (known_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  [[nodiscard]] bool at_terminal() const { return known_; }

 private:
  termios before_{};
  bool known_ = false;
};

std::string read_password(Language language) {
  const Unseen unseen;
  const auto ask = [&](Phrase phrase) {
    if (unseen.at_terminal()) std::cerr << phrase.in(language) << std::flush;
    std::string line;
    std::getline(std::cin, line);
    if (unseen.at_terminal()) std::cerr << "\n";
    return line;
  };
  const std::string password = ask({"パスワード: ", "Password: "});
  if (unseen.at_terminal() && ask({"もう一度: ", "Again: "}) != password) {
    std::cerr << Phrase{"nethealth: 二つが違います。\n", "nethealth: the two differ.\n"}.in(language);
    return "";
  }
  return password;
}

int make_token(Language language) {
  const std::string token = random_hex(token_bytes);
  std::cerr << Phrase{"トークン（本人に渡す。二度と表示されない）: ",
                      "The token (for the person; it is not shown again): "}
                   .in(language)
            << token << "\n"
            << Phrase{"token_file に置く行:\n", "The line for token_file:\n"}.in(language);
  std::cout << "sha256:" << sha256_text(token) << "\n" << std::flush;
  return std::cout ? 0 : 1;
}

}  // namespace

int make_password(const CommandLine& line) {
  const Language language = line.language.value_or(environment_language());
  if (line.values.contains("token") && !line.values.at("token").empty()) return make_token(language);
  const std::string password = read_password(language);
  if (password.size() < shortest_password_bytes || password.size() > longest_password_bytes) {
    std::cerr << Phrase{"nethealth: パスワードは10文字以上1024文字までです。\n",
                        "nethealth: a password has 10 to 1024 characters.\n"}
                     .in(language);
    return 1;
  }
  const std::string hash = password_hash(password);
  if (hash.empty()) {
    std::cerr << Phrase{"nethealth: メモリが足りません。\n", "nethealth: not enough memory.\n"}.in(language);
    return 1;
  }
  std::cout << hash << "\n" << std::flush;
  return std::cout ? 0 : 1;
}

}  // namespace nethealth
