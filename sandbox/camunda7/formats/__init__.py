"""Formats within answers.

bpmn    the BPMN documents of the processes
"""

from sandbox.camunda7.formats.bpmn import document_of

__all__ = ["document_of"]
