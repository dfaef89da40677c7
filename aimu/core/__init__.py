"""What AIMU decides. Nothing here waits, and nothing here opens anything.

chunks        StreamChunk and the phases a stream is made of
models        ModelSpec, Model, and "provider:id" strings
secrets       what a client knows that nobody may see
providers     what a provider is; the presets; providers of other packages
catalog       the models we know the capabilities of
colour        sync or async: the marker, and how a callable is asked
failures      what tools, workers and scorers raised, named and put in words
images        the images of a user message
messages      the dict shapes of history, and what makes one unsendable
kwargs        merging and translating generate_kwargs
conversation  one history, its system message, tools and open turn
reply         what one model reply said
toolcalls     from a reply's calls to tool messages
turn          the state machine of one chat()
options       what a client, an agent and a call may be told
client        the state and decisions that both ModelClients share
runners       what every runner is: speakers, forks, tools made of it
agents        the state and decisions that both Agents share
structured    schema=: from an answer's text to the object that was asked for
typed_dicts   TypedDicts such as pydantic reads them before Python 3.12
steps         the steps of a workflow
runs          one run of a workflow: its plan, and how far it has come
workflows     what all workflows share: members, histories, the run that is going on
verdicts      questions with a strict answer: which route, does it pass, how good
scoring       what scorers are told and may return, and the judge that is a model
chain         the fields and plan of both Chains
prefixes      what a model has computed for earlier prompts, found again
orchestrator_agent      how both OrchestratorAgents are put together
router        the same of both Routers
parallel      the same of both Parallels
evaluator_optimizer     the same of both EvaluatorOptimizers
plan_execute_evaluator  the same of both PlanExecuteEvaluators
"""
