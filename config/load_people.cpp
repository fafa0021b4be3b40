#include <algorithm>
#include <array>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

constexpr Milliseconds shortest_answer{1'000};
constexpr Milliseconds longest_answer{86'400'000};
constexpr std::size_t shortest_token_bytes = 20;

std::string_view type_word(Channel::Type type) {
  for (const auto& [word, known] : channel_type_words())
    if (known == type) return word;
  return {};
}

/// The channel a contact goes through: the named one, or the only one of its type.
std::optional<std::size_t> channel_of(Loading& load, const Node& contact, std::string_view kind,
                                      Channel::Type type) {
  Reader& read = load.read;
  if (const Node* via = contact.find("via")) {
    const auto found = load.channels.find(read, *via, "via");
    if (found && load.channel_types_known && load.site.channels[*found].type != type) {
      read.report(*via,
                  {"via: {0} と書かれていますが、type が {1} の経路の名前を書いてください",
                   "via: found {0}, expected the name of a channel of type {1}"},
                  {quote(via->value, read.language()), type_word(type)});
      return {};
    }
    return found;
  }
  if (type != Channel::Type::smtp) {
    read.report(contact,
                {"{0} には via（type が {1} の経路の名前）が必要です",
                 "found {0} without via, expected the name of a channel of type {1}"},
                {kind, type_word(type)});
    return {};
  }
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < load.site.channels.size(); ++i) {
    if (load.site.channels[i].type == Channel::Type::smtp) found.push_back(i);
  }
  if (found.size() == 1) return found.front();
  if (read.has_holes() || !load.channel_types_known) return {};
  read.report(contact,
              found.empty()
                  ? Phrase{"mail を送る経路がありません。channels に type が smtp の経路を書いてください",
                           "found no channel of type smtp for mail, expected one under channels"}
                  : Phrase{"type が smtp の経路が {0} 個あります。via で一つを選んでください",
                           "found {0} channels of type smtp, expected via to choose one"},
              {std::to_string(found.size())});
  return {};
}

struct ContactForm {
  std::string_view kind;
  const KeySet& known;
  Channel::Type type;
};

void check_contact_address(Reader& read, const Node& node, std::string_view kind, const std::string& text) {
  if (kind == "mail" && !is_mail_address(text)) {
    read.unexpected(
        node, kind,
        {"name@example.lg.jp のような宛先を書いてください", "a mail address such as name@example.lg.jp"});
  }
  if (kind == "sms" && !is_telephone(text)) {
    read.unexpected(
        node, kind,
        {"+819000000000 のような電話番号を書いてください", "a telephone number such as +819000000000"});
  }
}

void load_contact(Loading& load, const Node& node, Person& person) {
  Reader& read = load.read;
  const std::array<ContactForm, 5> forms{{{"mail", keys::mail_contact, Channel::Type::smtp},
                                          {"sms", keys::sms_contact, Channel::Type::webhook},
                                          {"webhook", keys::webhook_contact, Channel::Type::webhook},
                                          {"command", keys::command_contact, Channel::Type::command},
                                          {"snmp_trap", keys::snmp_trap_contact, Channel::Type::snmp_trap}}};
  const KeySet any{
      "contact",
      {"mail", "sms", "webhook", "command", "snmp_trap", "via", "answer_within", "calendar", "detail"}};
  const ContactForm* form = nullptr;
  for (const ContactForm& candidate : forms) {
    if (form == nullptr && node.find(candidate.kind) != nullptr) form = &candidate;
  }
  if (!read.map(node, "channels", form != nullptr ? form->known : any)) return;
  if (form == nullptr) {
    read.report(node, {"mail、sms、webhook、command、snmp_trap のどれかがありません。一つを書いてください",
                       "found no mail, sms, webhook, command or snmp_trap, expected one of them"});
    return;
  }
  ContactChannel contact;
  const Node& address = *node.find(form->kind);
  const auto text = read.text(address, form->kind);
  if (text) check_contact_address(read, address, form->kind, *text);
  set(contact.address, text);
  set(contact.channel, channel_of(load, node, form->kind, form->type));
  if (const Node* within = node.find("answer_within")) {
    set(contact.answer_within, read.duration(*within, "answer_within", shortest_answer, longest_answer));
  }
  if (const Node* calendar = node.find("calendar")) {
    contact.calendar = load.calendars.find(read, *calendar, "calendar");
  }
  if (contact.channel < load.site.channels.size())
    contact.detail = load.site.channels[contact.channel].detail;
  if (const Node* detail = node.find("detail")) {
    set(contact.detail, read.one_of(*detail, "detail", detail_words()));
  }
  person.channels.push_back(std::move(contact));
}

void load_role_people(Loading& load, const Node& list, RoleId id) {
  Reader& read = load.read;
  Role& role = load.site.roles[static_cast<std::size_t>(id)];
  for (const Node* item : read.one_or_more(list, "people")) {
    const auto found = load.people.find(read, *item, "people");
    if (!found) continue;
    const auto person = static_cast<PersonIndex>(*found);
    if (std::find(role.people.begin(), role.people.end(), person) != role.people.end()) {
      read.report(*item,
                  {"people: {0} が二度書かれています。一度だけ書いてください",
                   "people: found {0} twice, expected each person once"},
                  {quote(item->value, read.language())});
      continue;
    }
    role.people.push_back(person);
    const Person& who = load.site.people[*found];
    if (is_in_chain(id) && who.channels.empty()) {
      read.report(
          *item,
          {"people: {0} には通知の経路がありません。呼び出しを受ける役割なので、people の channels に "
           "少なくとも一つ書いてください",
           "people: found {0} without channels, expected at least one because this role is paged"},
          {quote(item->value, read.language())});
    } else if (who.channels.empty() && who.telephone.empty()) {
      read.warn(*item,
                {"people: {0} には channels も telephone もなく、連絡できません",
                 "people: {0} has neither channels nor a telephone and cannot be reached"},
                {quote(item->value, read.language())});
    }
  }
}

/// What a person shows over HTTP. Neither value is ever repeated in a message.
void load_identification(Loading& load, const Node& node, Person& person) {
  if (const Node* file = node.find("password_file")) {
    person.password_hash = read_secret(load, *file, "password_file");
    if (!person.password_hash.empty() && !person.password_hash.reveal().starts_with("$argon2id$"))
      load.read.report(
          *file, {"password_file: 中身は nethealth password が出す1行（$argon2id$...）でなければなりません",
                  "password_file: expected the line that `nethealth password` prints ($argon2id$...)"});
  }
  if (const Node* file = node.find("token_file")) {
    person.token = read_secret(load, *file, "token_file");
    if (!person.token.empty() && person.token.reveal().size() < shortest_token_bytes)
      load.read.report(
          *file, {"token_file: トークンが短すぎます（20文字以上）。nethealth password --token で作れます",
                  "token_file: found a token of less than 20 characters, expected one such as "
                  "`nethealth password --token` makes"});
  }
}

}  // namespace

void load_people(Loading& load) {
  Reader& read = load.read;
  Names logins{{"ログイン名", "login"}};
  const auto nodes = name_items(load, "people", keys::person, load.people, load.site.people);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    Person& person = load.site.people[i];
    person.label = person.name;
    if (const Node* label = nodes[i]->find("label")) set(person.label, read.text(*label, "label"));
    if (const Node* login = nodes[i]->find("login")) {
      set(person.login, read.name(*login, "login"));
      if (!person.login.empty()) logins.add(read, *login, i);
    }
    if (const Node* telephone = nodes[i]->find("telephone")) {
      const auto text = read.text(*telephone, "telephone");
      if (text && !is_telephone(*text)) {
        read.unexpected(
            *telephone, "telephone",
            {"042-000-0000 のような電話番号を書いてください", "a telephone number such as 042-000-0000"});
      }
      set(person.telephone, text);
    }
    load_identification(load, *nodes[i], person);
    if (const Node* channels = nodes[i]->find("channels")) {
      for (const Node* contact : read.list(*channels, "channels")) load_contact(load, *contact, person);
    }
    if (const Node* absences = nodes[i]->find("absences")) load_absences(load, *absences, person);
    if (const Node* calendar = nodes[i]->find("calendar")) {
      person.calendar = load.calendars.find(read, *calendar, "calendar");
    }
  }
}

void load_roles(Loading& load) {
  Reader& read = load.read;
  Names seen{{"役割", "role"}};
  const Node* list = load.root.find("roles");
  if (list == nullptr && !read.has_holes()) list = read.require(load.root, "roles");
  if (list == nullptr) return;
  for (const Node* item : read.list(*list, "roles")) {
    if (!read.map(*item, "roles", keys::role)) continue;
    const Node* id_node = read.require(*item, "role");
    const auto id = id_node == nullptr ? std::nullopt : read.one_of(*id_node, "role", role_words());
    if (!id) continue;
    seen.add(read, *id_node, static_cast<std::size_t>(*id));
    Role& role = load.site.roles[static_cast<std::size_t>(*id)];
    role.written = {item->file, item->line, item->column};
    role.title = std::string(word(*id));
    if (const Node* title = item->find("title")) set(role.title, read.text(*title, "title"));
    if (const Node* people = read.require(*item, "people")) load_role_people(load, *people, *id);
    if (const Node* rota = item->find("rota")) load_rota(load, *rota, role);
  }
  for (const auto& [id, role] : role_words()) {
    if (seen.index(id) || is_optional_role(role) || read.has_holes()) continue;
    read.report(*list,
                {"役割 {0} がありません。roles に書き、people に担当者を書いてください",
                 "found no role {0}, expected it under roles with its people"},
                {id});
  }
}

}  // namespace nethealth
