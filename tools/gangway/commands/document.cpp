#include "gangway/commands/document.hpp"

#include "gangway/view/output.hpp"
#include "gangway/view/transfer_progress.hpp"

namespace gangway::command {

AdminDocument wait_for_document(const AgentChoice& choice, const std::string& target,
                                const Asked& asked) {
    Progress progress;
    TransferProgress observer(progress);
    return get_admin_document(choice, target, asked, observer);
}

void print_document(const AdminDocument& document) {
    Output output = Output::standard();
    output.write(document.text);
    if (!document.text.ends_with('\n')) {
        output.write("\n");
    }
}

} // namespace gangway::command
