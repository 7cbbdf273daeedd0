#ifndef _GANGWAY_REQUEST_SAMPLE_H_
#define _GANGWAY_REQUEST_SAMPLE_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <DataStructures/HashedStaticString.h>
#include <DataStructures/LString.h>
#include <SystemTools/SystemTime.h>
#include <Core/Controller.h>
#include "gangway/agent_abi.h"
#include "Arena.h"
#include "HttpMethod.h"
#include "Texts.h"

namespace Gangway {

/**
 * The requests that one controller has at one moment. Made by whoever asks, filled once on the controller's
 * thread, where visitors wait for it, and let go by the module: it is the memory of its `record()`.
 */
class RequestSample {
private:
	typedef Passenger::Core::Controller Controller;
	typedef Passenger::Core::Client Client;
	typedef Passenger::Core::Request Request;
	typedef Passenger::Core::AppResponse AppResponse;

	/** How much of a text is copied. */
	enum {
		MOST_PATH = 1024,
		MOST_HOST = 255,
		MOST_ID = 128,
		MOST_ADDRESS = INET6_ADDRSTRLEN
	};

	/** First, so that it can be found by its record. */
	gangway_requests data;
	const gangway_requests_wanted wanted;
	std::vector<gangway_request> requests;
	Texts texts;

	static bool isAtProcess(const Request &req) {
		return req.session != NULL && !req.session->isClosed();
	}

	static bool isUpgraded(const Request &req) {
		return req.appResponseInitialized && req.appResponse.httpState == AppResponse::UPGRADED;
	}

	/** What decides whether a request is kept, beside it: it is compared often. */
	struct Candidate {
		bool upgraded;
		ev_tstamp startedAt;
		Request *request;

		/** Connections that have left HTTP may be open for days, and nobody waits for their end. */
		bool operator<(const Candidate &other) const {
			return upgraded == other.upgraded ? startedAt < other.startedAt : other.upgraded;
		}
	};
	typedef std::vector<Candidate> Candidates;

	/** `most` of them. */
	static void keepFirst(Candidates &candidates, size_t most) {
		if (candidates.size() > most) {
			std::nth_element(candidates.begin(), candidates.begin() + most, candidates.end());
			candidates.resize(most);
		}
	}

	static gangway_request_state stateOf(const Request &req) {
		switch (req.state) {
		case Request::ANALYZING_REQUEST:
		case Request::BUFFERING_REQUEST_BODY:
			return GANGWAY_REQUEST_READING;
		case Request::CHECKING_OUT_SESSION:
			return GANGWAY_REQUEST_QUEUED;
		default:
			break;
		}
		if (isUpgraded(req)) {
			return GANGWAY_REQUEST_UPGRADED;
		}
		if (req.appResponseInitialized) {
			switch (req.appResponse.httpState) {
			case AppResponse::PARSING_HEADERS:
			case AppResponse::ONEHUNDRED_CONTINUE:
				break;
			default:
				return GANGWAY_REQUEST_ANSWERING;
			}
		}
		return req.state == Request::WAITING_FOR_APP_OUTPUT ? GANGWAY_REQUEST_WAITING : GANGWAY_REQUEST_SENDING;
	}

	/** As much of it as is copied. NULL: the empty one. */
	gangway_str store(const Passenger::LString *text, size_t most) {
		gangway_str result = toAbi("", 0);
		if (text != NULL && text->size > 0) {
			result.size = std::min<size_t>(text->size, most);
			char *to = texts.allocate(result.size);
			result.data = to;
			size_t left = result.size;
			for (const Passenger::LString::Part *part = text->start; left > 0; part = part->next) {
				size_t size = std::min<size_t>(part->size, left);
				memcpy(to, part->data, size);
				to += size;
				left -= size;
			}
		}
		return result;
	}

	gangway_str store(const char *data, size_t size) {
		return texts.store(toAbi(data, size));
	}

	gangway_str store(const Passenger::StaticString &text) {
		return store(text.data(), text.size());
	}

	/** Of the peer, where no web server tells another. Empty where it has none. */
	static size_t printPeer(int fd, char (&text)[MOST_ADDRESS]) {
		union {
			sockaddr base;
			sockaddr_in v4;
			sockaddr_in6 v6;
			sockaddr_storage any;
		} address;
		socklen_t size = sizeof(address);
		if (fd == -1 || getpeername(fd, &address.base, &size) == -1) {
			return 0;
		}
		const void *bytes;
		switch (address.base.sa_family) {
		case AF_INET:
			bytes = &address.v4.sin_addr;
			break;
		case AF_INET6:
			bytes = &address.v6.sin6_addr;
			break;
		default:
			return 0;
		}
		return inet_ntop(address.base.sa_family, bytes, text, sizeof(text)) == NULL ? 0 : strlen(text);
	}

	gangway_request describe(Request &req) {
		static const Passenger::HashedStaticString REMOTE_ADDR("!~REMOTE_ADDR");
		static const Passenger::HashedStaticString X_REQUEST_ID("x-request-id");
		const Passenger::LString *client = req.secureHeaders.lookup(REMOTE_ADDR);
		const Passenger::LString *id = req.headers.lookup(X_REQUEST_ID);
		gangway_request row;
		memset(&row, 0, sizeof(row));
		row.group_name = store(req.options.getAppGroupName());
		row.method = store(nameOfMethod(req.method));
		row.path = store(&req.path, MOST_PATH);
		row.host = store(req.host, MOST_HOST);
		row.id = store(id, MOST_ID);
		row.cut = (req.path.size > MOST_PATH ? GANGWAY_REQUEST_CUT_PATH : 0)
			| (req.host != NULL && req.host->size > MOST_HOST ? GANGWAY_REQUEST_CUT_HOST : 0)
			| (id != NULL && id->size > MOST_ID ? GANGWAY_REQUEST_CUT_ID : 0);
		if (client != NULL && client->size > 0) {
			row.client = store(client, MOST_ADDRESS);
		} else {
			char address[MOST_ADDRESS];
			row.client = store(address, printPeer(static_cast<Client *>(req.client)->getFd(), address));
		}
		if (isAtProcess(req)) {
			row.pid = req.session->getPid();
			row.gupid = store(req.session->getGupid());
		}
		row.state = stateOf(req);
		row.https = req.https;
		row.keep_alive = req.wantKeepAlive;
		row.began_at_usec = (uint64_t) (req.startedAt * 1000000);
		row.received_bytes = req.bodyAlreadyRead;
		row.sent_bytes = req.appResponseInitialized ? req.appResponse.bodyAlreadyRead : 0;
		return row;
	}

	/** New clients are put at the head of their list. */
	void collect(Controller &controller, Candidates &atProcesses, Candidates &others) {
		data.client_count = controller.activeClientCount;
		size_t left = wanted.most_clients;
		Client *client;
		TAILQ_FOREACH_REVERSE (client, &controller.activeClients, Controller::ClientList,
			nextClient.activeOrDisconnectedClient)
		{
			if (left-- == 0) {
				data.unseen_client_count = data.client_count - wanted.most_clients;
				break;
			}
			Request *req = client->currentRequest;
			// Until its options are set, it has no group.
			if (req != NULL && req->begun() && !req->ended() && req->state != Request::ANALYZING_REQUEST) {
				Candidate candidate = { isUpgraded(*req), req->startedAt, req };
				(isAtProcess(*req) ? atProcesses : others).push_back(candidate);
			}
		}
		data.at_processes_count = atProcesses.size();
		data.others_count = others.size();
		keepFirst(atProcesses, wanted.most_at_processes);
		keepFirst(others, wanted.most_others);
	}

public:
	RequestSample(uint32_t controller, const gangway_requests_wanted &_wanted)
		: wanted(_wanted)
	{
		memset(&data, 0, sizeof(data));
		data.controller = controller;
	}

	/** On the controller's thread. */
	void fill(Controller &controller) {
		data.taken_at_usec = Passenger::SystemTime::getUsec();
		unsigned long long begin = Passenger::SystemTime::getMonotonicUsec();
		try {
			Candidates atProcesses, others;
			collect(controller, atProcesses, others);
			requests.reserve(atProcesses.size() + others.size());
			for (const Candidate &candidate: atProcesses) {
				requests.push_back(describe(*candidate.request));
			}
			for (const Candidate &candidate: others) {
				requests.push_back(describe(*candidate.request));
			}
			data.requests = requests.data();
			data.request_count = requests.size();
		} catch (...) { // It must not leave through libev.
			std::vector<gangway_request>().swap(requests);
			data.failed = 1;
		}
		data.took_usec = (uint32_t) (Passenger::SystemTime::getMonotonicUsec() - begin);
	}

	const gangway_requests *record() const {
		return &data;
	}

	/** The one whose record it is. */
	static const RequestSample *of(const gangway_requests *record) {
		return reinterpret_cast<const RequestSample *>(record);
	}
};

} // namespace Gangway

#endif /* _GANGWAY_REQUEST_SAMPLE_H_ */
