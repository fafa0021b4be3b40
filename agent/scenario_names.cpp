#include <algorithm>

#include "agent/scenario_line.hpp"

namespace nethealth {

ScenarioMistake ScenarioNames::mistake(ScenarioPlace place, const Phrase& phrase,
                                       std::string_view about) const {
  std::string message(phrase.in(language_));
  if (!about.empty()) message += ": " + std::string(about);
  return {place, std::move(message)};
}

const ScenarioToken& ScenarioNames::need(ScenarioLine& line, const Phrase& what) const {
  const ScenarioToken* token = line.peek();
  const bool mark = token != nullptr && !token->quoted && token->text.size() == 1 &&
                    std::string_view(">,;()").find(token->text) != std::string_view::npos;
  if (token == nullptr || mark)
    throw mistake(line.place(), Phrase{"ここに必要です", "expected here"}, what.in(language_));
  return *line.take();
}

void ScenarioNames::need_word(ScenarioLine& line, std::string_view word) const {
  if (!line.take(word)) throw mistake(line.place(), Phrase{"ここに必要な語", "expected here"}, word);
}

void ScenarioNames::need_end(ScenarioLine& line) const {
  if (!line.done())
    throw mistake(line.place(), Phrase{"余分な語です", "one word too many"}, line.peek()->text);
}

Milliseconds ScenarioNames::need_time(ScenarioLine& line) const {
  const ScenarioPlace place = line.place();
  const std::string& text = need(line, {"時刻 (09:00:00)", "a time (09:00:00)"}).text;
  if (const auto time = scenario_time(text)) return *time;
  throw mistake(place, Phrase{"時刻ではありません (09:00:00)", "not a time (09:00:00)"}, text);
}

std::optional<DeviceIndex> ScenarioNames::find_device(const std::string& name) const {
  if (const auto device = site_.device(name)) return device;
  if (name == "monitor") return site_.monitor;
  return std::nullopt;
}

bool ScenarioNames::is_place(const std::string& name) const {
  return find_device(name) || std::ranges::find(site_.rooms, name, &Room::name) != site_.rooms.end();
}

std::string ScenarioNames::perhaps(const std::string& name) const {
  std::vector<std::string_view> known;
  for (const Device& device : site_.devices) known.push_back(device.name);
  for (const Room& room : site_.rooms) known.push_back(room.name);
  const std::string nearest = nearest_word(name, known);
  if (nearest.empty()) return "";
  return std::string(Phrase{" (もしかして: ", " (perhaps: "}.in(language_)) + nearest + ")";
}

DeviceIndex ScenarioNames::need_device(ScenarioLine& line) const {
  const ScenarioPlace place = line.place();
  const std::string& name = need(line, {"機器の名前", "a device's name"}).text;
  if (const auto device = find_device(name)) return *device;
  throw mistake(place, Phrase{"知らない機器です", "an unknown device"}, name + perhaps(name));
}

std::string ScenarioNames::need_room(ScenarioLine& line) const {
  const ScenarioPlace place = line.place();
  const std::string& name = need(line, {"部屋の名前", "a room's name"}).text;
  if (std::ranges::find(site_.rooms, name, &Room::name) == site_.rooms.end())
    throw mistake(place, Phrase{"知らない部屋です", "an unknown room"}, name + perhaps(name));
  return name;
}

std::string ScenarioNames::need_channel(ScenarioLine& line) const {
  const ScenarioPlace place = line.place();
  const std::string& name = need(line, {"経路の名前", "a channel's name"}).text;
  if (std::ranges::find(site_.channels, name, &Channel::name) == site_.channels.end())
    throw mistake(place, Phrase{"知らない経路です", "an unknown channel"}, name);
  return name;
}

std::string ScenarioNames::need_place(ScenarioLine& line) const {
  const ScenarioPlace place = line.place();
  const ScenarioToken token = need(line, {"場所", "a place"});
  if (!token.quoted && !is_place(token.text))
    throw mistake(place, Phrase{"知らない場所です", "an unknown place"}, token.text + perhaps(token.text));
  return token.text;
}

}  // namespace nethealth
