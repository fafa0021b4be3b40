#include "agent/procedure_graph.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "agent/html_text.hpp"
#include "rules/explain.hpp"

namespace nethealth {
namespace {

constexpr int box_width = 250, box_height = 62, gap_x = 24, gap_y = 42, margin = 24, head_height = 56;
constexpr std::size_t title_letters = 17;

/// A step's row is one below the lowest of those it comes after; steps of one row stand side by side.
std::vector<std::pair<int, int>> places(const Procedure& procedure) {
  std::vector<std::pair<int, int>> found(procedure.steps.size());
  std::map<std::string, int> rows;
  std::map<int, int> columns;
  for (std::size_t i = 0; i < procedure.steps.size(); ++i) {
    int row = 0;
    for (const std::string& before : procedure.steps[i].after)
      if (const auto known = rows.find(before); known != rows.end()) row = std::max(row, known->second + 1);
    rows[procedure.steps[i].id] = row;
    found[i] = {columns[row]++, row};
  }
  return found;
}

/// The first letters of a text, whole UTF-8 sequences.
std::string cut(const std::string& text, std::size_t letters) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
    if (begins && ++count > letters) return text.substr(0, i) + "…";
  }
  return text;
}

std::string colour_of(StepState state) {
  switch (state) {
    case StepState::done:
      return "#d8efd8";
    case StepState::due:
      return "#ffe9a8";
    case StepState::not_needed:
      return "#eeeeee";
    case StepState::later:
      break;
  }
  return "#ffffff";
}

class Chart {
 public:
  Chart(const Procedure& procedure, const IncidentPicture* incident, const Site* site, Language language)
      : procedure_(procedure),
        incident_(incident),
        site_(site),
        language_(language),
        places_(places(procedure)) {}

  std::string draw() {
    int columns = 1, rows = 1;
    for (const auto& [column, row] : places_) {
      columns = std::max(columns, column + 1);
      rows = std::max(rows, row + 1);
    }
    const int width = 2 * margin + columns * (box_width + gap_x);
    const int height = head_height + 2 * margin + rows * (box_height + gap_y);
    svg_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + std::to_string(width) + " " +
           std::to_string(height) + "\" width=\"" + std::to_string(width) + "\" height=\"" +
           std::to_string(height) + "\" font-family=\"sans-serif\" role=\"img\">\n" +
           "<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" "
           "markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"#555\"/></marker></defs>\n" +
           "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
    std::string title = procedure_.title.in(language_);
    if (incident_) title += " #" + std::to_string(incident_->number);
    svg_ += "<title>" + html_escaped(title) + "</title>\n";
    text(margin, margin + 18, 18, title, true);
    for (std::size_t i = 0; i < procedure_.steps.size(); ++i) arrows(i);
    for (std::size_t i = 0; i < procedure_.steps.size(); ++i) box(i);
    return svg_ + "</svg>\n";
  }

 private:
  [[nodiscard]] int x(std::size_t i) const { return margin + places_[i].first * (box_width + gap_x); }
  [[nodiscard]] int y(std::size_t i) const {
    return head_height + margin + places_[i].second * (box_height + gap_y);
  }

  void text(int x, int y, int size, const std::string& what, bool bold) {
    svg_ += "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" font-size=\"" +
            std::to_string(size) + "\"" + (bold ? " font-weight=\"bold\"" : "") + ">" + html_escaped(what) +
            "</text>\n";
  }

  void arrows(std::size_t to) {
    for (const std::string& before : procedure_.steps[to].after) {
      const auto from = std::ranges::find(procedure_.steps, before, &ProcedureStep::id);
      if (from == procedure_.steps.end()) continue;
      const auto start = static_cast<std::size_t>(from - procedure_.steps.begin());
      const int x1 = x(start) + box_width / 2, y1 = y(start) + box_height;
      const int x2 = x(to) + box_width / 2, y2 = y(to);
      const int bend = (y2 - y1) / 2;
      svg_ += "<path d=\"M" + std::to_string(x1) + " " + std::to_string(y1) + " C" + std::to_string(x1) +
              " " + std::to_string(y1 + bend) + " " + std::to_string(x2) + " " + std::to_string(y2 - bend) +
              " " + std::to_string(x2) + " " + std::to_string(y2) +
              "\" fill=\"none\" stroke=\"#777\" marker-end=\"url(#a)\"/>\n";
    }
  }

  [[nodiscard]] std::string actors(const ProcedureStep& step) const {
    std::string names;
    for (const RoleId role : step.actors)
      names += (names.empty() ? "" : "・") + (site_ ? role_title(*site_, role) : std::string(word(role)));
    return names;
  }

  void box(std::size_t i) {
    const ProcedureStep& step = procedure_.steps[i];
    StepState state = StepState::later;
    if (incident_)
      for (const StepPicture& shown : incident_->procedure)
        if (shown.id == step.id) state = shown.state;
    const bool present = incident_ && incident_->step == step.id;
    svg_ += "<g id=\"step-" + html_escaped(step.id) + "\" class=\"" + std::string(word(state)) +
            (present ? " present" : "") + "\">\n<title>" +
            html_escaped(step.id + " " + step.title.in(language_)) + "</title>\n";
    svg_ += "<rect x=\"" + std::to_string(x(i)) + "\" y=\"" + std::to_string(y(i)) + "\" width=\"" +
            std::to_string(box_width) + "\" height=\"" + std::to_string(box_height) + "\" rx=\"" +
            (step.decisions.empty() ? "4" : "22") + "\" fill=\"" + colour_of(state) + "\" stroke=\"" +
            (present ? "#c00" : "#333") + "\" stroke-width=\"" + (present ? "4" : "1") + "\"" +
            (step.when.kind == ProcedureCondition::Kind::always ? "" : " stroke-dasharray=\"6 3\"") + "/>\n";
    const bool wide = language_ == Language::ja;
    text(x(i) + 12, y(i) + 18, 12, step.id, true);
    text(x(i) + 12, y(i) + 35, 13, cut(step.title.in(language_), wide ? title_letters : 2 * title_letters),
         false);
    text(x(i) + 12, y(i) + 52, 11, cut(actors(step), wide ? title_letters + 3 : 2 * title_letters), false);
    svg_ += "</g>\n";
  }

  const Procedure& procedure_;
  const IncidentPicture* incident_;
  const Site* site_;
  Language language_;
  std::vector<std::pair<int, int>> places_;
  std::string svg_;
};

}  // namespace

std::string procedure_svg(const Procedure& procedure, const IncidentPicture* incident, const Site* site,
                          Language language) {
  return Chart(procedure, incident, site, language).draw();
}

}  // namespace nethealth
