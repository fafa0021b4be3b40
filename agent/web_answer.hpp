#pragma once
// The page behind the link in a page: what it is about, and two buttons. Opening it answers nothing, because
// programs that check mail open links; each link is one person's, counts once, and for a day
// (page_token.hpp).

#include <functional>

#include "agent/control_desk.hpp"
#include "agent/web_server.hpp"

namespace nethealth {

/// Answers GET (asks) and POST (`do=take` or `do=pass`) of answer_path. False, without an answer, when the
/// token stands for nothing: the caller says so and counts the guess.
bool answer_by_link(const ControlDesk& desk, const WebRequest& request, Language language,
                    const WebServer::Answer& answer);

WebReply link_is_over(Language language);

}  // namespace nethealth
